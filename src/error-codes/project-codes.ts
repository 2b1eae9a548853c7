/** The codes of errors about sources, destinations, routing and other content of a project. */
export const PROJECT_CODES = {
  'incomplete-contract': {
    cause: 'The contract suite of a destination type that uses HTTP was called without `accepts`.',
    fix: 'Give the answer that the provider documents for a success.',
  },
  'incomplete-source': {
    cause: 'Standard input or a pipe failed before its end, and a stream cannot be read again.',
    fix: 'Use a file: source, which resumes where it stopped.',
  },
  'invalid-silence': {
    cause: 'A silence of the store has no sound form: its end, its reason, its owner or its matcher.',
    fix: 'Follow the hint of the message. Silences of the file are changed in `silences.yaml`.',
  },
  'changing-silence': {
    cause: 'Several people change the same silence at the same time.',
    fix: 'Repeat the command.',
  },
  'invalid-source': {
    cause: 'A source spec has no valid form, target or address.',
    fix: 'Write it as SCHEME:TARGET?key=value, as the pages of the sources describe.',
  },
  'invalid-source-option': {
    cause:
      'An option of a source spec is unknown, duplicate, empty, invalid or not possible for this source.',
    fix: 'Use the options that the page of the source lists.',
  },
  'refused-source': {
    cause: 'A broker refuses the sign-in, the permission or the name of a source.',
    fix: 'Correct the setting that the message names, at the source or at the broker.',
  },
  'unreadable-source': {
    cause: 'A file, directory or pipe of a source is missing or cannot be read.',
    fix: 'Check the path, its owner and permissions.',
  },
  'file-exists': {
    cause: 'A command would write a new file over an existing one.',
    fix: 'Remove or rename the existing file, or choose another id.',
  },
  'invalid-destination-option': {
    cause: 'An option of a destination is unknown, has an invalid value, or is not written as KEY=VALUE.',
    fix: 'Use the options that the page of the destination type lists, and references instead of secrets.',
  },
  'invalid-destination-type': {
    cause: 'A local destination type cannot be loaded, or its default export has not the form of a type.',
    fix: 'Export the result of `defineDestination` by default.',
  },
  'invalid-registry-change': {
    cause:
      'A change of destinations.yaml would add an error or a literal secret, so the file was not changed.',
    fix: 'Correct the values that the listed problems name.',
  },
  'local-type-not-allowed': {
    cause: 'A destination uses a type of the project, whose code runs with all rights of the process.',
    fix: 'Add `--allow-local-types` if you trust the repository.',
  },
  'memory-store': {
    cause: 'A command reads or writes a store that exists only in the memory of another process.',
    fix: 'Use a store with `sqlite:` or `postgres:`.',
  },
  'missing-git': {
    cause: 'A command compares with another commit, and git is not installed.',
    fix: 'Install git.',
  },
  'no-recipient': {
    cause: 'No destination of the route of an alert is enabled.',
    fix: 'Choose a destination with `--destination`.',
  },
  'project-not-loaded': {
    cause: 'A test calls `evaluate` of `signalbox/testing` before a project is loaded.',
    fix: 'Await `loadProject()` first.',
  },
  'unknown-destination': {
    cause: 'No destination has this name or id, or it is disabled.',
    fix: 'Use a name that `signalbox destinations list` shows.',
  },
  'unknown-destination-type': {
    cause: 'No destination type has this name.',
    fix: 'Use a type of docs/destinations.md, or the path of a local type.',
  },
  'unknown-revision': {
    cause: 'Git cannot read the given commit, branch or tag.',
    fix: 'Use a revision of this checkout; in a shallow clone run `git fetch --unshallow`.',
  },
  'unreadable-event-file': {
    cause: 'The file of an event is missing, too large, not a file, or cannot be read.',
    fix: 'Name a readable file with one event.',
  },
} as const
