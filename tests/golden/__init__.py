"""The pitfalls of counting exchanges in e-mail, one folder each: mails, events, expectations."""
