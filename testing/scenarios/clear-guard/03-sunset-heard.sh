wait_for 5 grep -qx before /run/modswan/heard.txt
