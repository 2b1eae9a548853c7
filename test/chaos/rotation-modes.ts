/** The ways in which `logrotate` rotates a log, and which lines each of them can lose by its nature. */

export interface RotationMode {
  readonly name: string
  /** Lines of the configuration. */
  readonly directives: readonly string[]
  /** The time at which writers open the log again: some time after the rotation, before the compression, or never. */
  readonly writers: 'late' | 'before compression' | 'keep'
  /** True if writers pause while the log is rotated. */
  readonly isQuiet?: true
  /** The events that every reader of the log loses, or null: then no event may be lost. */
  readonly canLose: string | null
}

export const ROTATION_MODES: readonly RotationMode[] = [
  { name: 'create', directives: ['create'], writers: 'late', canLose: null },
  { name: 'nocreate', directives: ['nocreate'], writers: 'late', canLose: null },
  {
    name: 'dateext',
    directives: ['create', 'dateext', 'dateformat -%Y%m%d%H-%s'],
    writers: 'late',
    canLose: null,
  },
  {
    name: 'extension',
    directives: ['create', 'extension .ndjson'],
    writers: 'late',
    canLose: null,
  },
  {
    name: 'delaycompress',
    directives: ['create', 'compress', 'delaycompress'],
    writers: 'before compression',
    canLose: null,
  },
  { name: 'compress', directives: ['create', 'compress'], writers: 'before compression', canLose: null },
  {
    name: 'copytruncate, writers pause',
    directives: ['copytruncate'],
    writers: 'keep',
    isQuiet: true,
    canLose: null,
  },
  {
    name: 'copytruncate',
    directives: ['copytruncate'],
    writers: 'keep',
    canLose: 'what is written between the copy and the truncation',
  },
  {
    name: 'compress, late writers',
    directives: ['create', 'compress'],
    writers: 'late',
    canLose: 'what is written to a file while it is compressed, and after it was removed',
  },
  {
    name: 'rotate 1',
    directives: ['create', 'rotate 1'],
    writers: 'late',
    canLose: 'what stands in files that are removed before they are read',
  },
]

export function logrotateConfig(log: string, mode: RotationMode, reopen: string): string {
  // Writers are asked to open the log again as daemons are, and compression waits for them.
  const script =
    mode.writers === 'before compression'
      ? ['postrotate', `touch '${reopen}'; while [ -e '${reopen}' ]; do sleep 0.01; done`, 'endscript']
      : []
  const lines = ['missingok', 'rotate 1000', ...mode.directives, ...script]
  return `"${log}" {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`
}
