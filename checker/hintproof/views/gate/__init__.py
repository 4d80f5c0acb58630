"""The gate's report in every form: terminal, mail, JSON, SARIF, JUnit, KTAP, GitHub."""
