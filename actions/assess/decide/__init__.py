"""The decisions of an assessment, as pure functions: facts in, decision out. No clock, no database, no log.

`facts` says what must be known; `policy` judges, `strategies` ranks, `digest` seals what people approve, and
`decision` asks the three for one answer.
"""
