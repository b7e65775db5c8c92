"""Lab only. Stand-in for the programs of POM: they ask, answer, refuse and leave behind what the vendor's documents say of them.

What the documents do not say is taken from `/etc/standin/pom.conf` (defaults: `host.DEFAULTS`), and is noted in the program's log
as a stand-in assumption. Python 3.9, standard library only; keytool, openssl and psql do the real work.
"""
