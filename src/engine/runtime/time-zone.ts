/** WORKER THREAD. The file of UTC, the only time zone without an installed time zone database. */

export const TIME_ZONES_FOLDER = '/usr/share/zoneinfo'
export const UTC_ZONE_FILE = `${TIME_ZONES_FOLDER}/UTC`

const ZONE_BLOCK = `TZif2${'\0'.repeat(15 + 5 * 4 - 4)}\0\0\0\x01\0\0\0\x04${'\0'.repeat(6)}UTC\0`

/** The content of the file in the format of RFC 9636: no transition, one type of local time, its name. */
export const UTC_ZONE = `${ZONE_BLOCK}${ZONE_BLOCK}\nUTC0\n`
