wait_for 20 grep -qx before /run/modswan/heard.txt
