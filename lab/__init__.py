"""The lab: real Linux hosts on one machine, for tests and for trying Dialtone. Lab only; nothing in it reaches a site."""
