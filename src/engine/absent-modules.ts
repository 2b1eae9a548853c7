/** EITHER THREAD. The modules of the standard library, today's and former ones, that the interpreter does not have. */

const ABSENT = new Set(
  `aifc asynchat asyncore audioop cgi cgitb chunk crypt curses dbm distutils ensurepip fcntl grp idlelib imghdr imp
  lib2to3 mailcap msilib msvcrt multiprocessing nis nntplib ossaudiodev pipes pty pwd readline resource smtpd sndhdr
  spwd sunau syslog telnetlib termios test tkinter tty turtle turtledemo uu venv winreg winsound xdrlib`.split(
    /\s+/,
  ),
)

/** A name that begins with an underscore is an internal module of the standard library, never a package. */
export function isStandardModule(name: string): boolean {
  return name.startsWith('_') || ABSENT.has(name)
}
