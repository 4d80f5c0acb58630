"""Stories: the one model of a trace from which all views are made."""
