/** Names the person who runs a command, for the history of alerts. */
import { hostname, userInfo } from 'node:os'

/** @returns `user@host`. A user without an entry in the system's list of users is named by the number, for example in a container. */
export function localActor(): string {
  return `${userName()}@${hostname()}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}
