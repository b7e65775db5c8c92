#!/bin/sh
# Lab only; nothing in it reaches a site. Stand-in for the program by which an auxiliary re-authorises its primary (LAB-setup_vpms.php).
# Stand-in assumption: all of it. It says so, and changes nothing.
echo "The primary EPM is authorized for this server."
