/** Processes to which the permissions of files apply, even where the tests run as root. */

/** Root may use every file and folder, except where the process has no capabilities. */
const isRoot = process.getuid?.() === 0

/** The words before a command that take the capabilities of root from it. */
export const WITHOUT_CAPABILITIES: readonly string[] = isRoot ? ['setpriv', '--bounding-set=-all'] : []

/** The program that these words need, for `describeWithProgram`. */
export const CAPABILITIES_PROGRAM = isRoot ? 'setpriv' : 'sh'
