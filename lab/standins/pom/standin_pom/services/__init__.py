"""Lab only. What stands in for POM's services and console pages. The services are a probe: they run only while what was given to
POM is right, and otherwise stop with the documented words in their log.

Stand-in assumptions, throughout: which service needs what (`needs`), how servers settle which of them is master (rows in the POM
database: `services/java/PomProbe.java`), the names of the services' log files, and how the primary reaches the other POM servers
(`channel`).
"""
