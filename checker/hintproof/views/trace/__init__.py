"""A story of a trace in every form: terminal, mail, page, picture, ITF."""
