/** The codes of errors about the store, the HTTP server and the daemon. */
export const DAEMON_CODES = {
  // Store.
  'store-held': {
    cause:
      'Another daemon holds the store in SQLite, or daemons use the schema in PostgreSQL that must be migrated.',
    fix: 'Stop those daemons, or name another store with `--store`.',
  },
  'lost-store': {
    cause:
      'The file of the store was removed or replaced while the daemon ran, the disk failed to sync it, or the schema in PostgreSQL was removed or migrated.',
    fix: 'Stop the daemon before you move files of its store, and move -wal and -shm files with their database. Stop all daemons before you migrate a schema.',
  },
  'inaccessible-store': {
    cause:
      'The file of the store cannot be opened, read or written, or it is damaged; or the database cannot be reached or refuses its user.',
    fix: 'Follow the hint of the message: check permissions and disk, server and password, or restore a backup.',
  },
  'incompatible-store': {
    cause: 'The file or schema belongs to another program or to another version of Signalbox.',
    fix: 'Name another store, or use the version of Signalbox that the hint names.',
  },
  'no-retention': {
    cause: 'There is nothing to remove: the settings name no retention, or the clock may be wrong.',
    fix: 'Add `retention` to signalbox.yaml; if the newest alert lies in the future, correct the clock.',
  },
  'invalid-store-url': {
    cause:
      'The store is not `sqlite:PATH`, `postgres://USER@HOST/DATABASE` or `memory:`, or a part of the URL is not usable.',
    fix: 'Correct `--store`, or `store` in signalbox.yaml.',
  },
  'store-not-found': {
    cause: 'The file or schema of the store does not exist.',
    fix: 'Create it with `signalbox run`, or name another store with `--store`.',
  },
  'moved-store': {
    cause: 'The store was copied to another place with `signalbox store copy`, and is used there.',
    fix: 'Name the new place with `--store`, or as `store` in signalbox.yaml.',
  },
  'store-not-empty': {
    cause: 'A store can be copied only into a schema that is empty or does not exist.',
    fix: 'Name another schema with `?schema=NAME`, or drop this one.',
  },
  'unfinished-copy': {
    cause: 'The schema holds a copy of a store that was cut off, or another copy writes to it.',
    fix: 'Repeat the same `signalbox store copy`, which goes on where it was, or drop the schema.',
  },
  'incomplete-copy': {
    cause: 'A copy of a store has other numbers of rows than the store.',
    fix: 'Drop the schema and copy again. The source is unchanged.',
  },
  'read-only-store': {
    cause: 'A command tried to write to a store that it opened for reading.',
    fix: 'Report this error, because no command does so.',
  },
  // HTTP server and daemon.
  'unavailable-address': {
    cause: 'The HTTP server or the source `syslog` cannot listen on its address.',
    fix: 'Stop the program that uses the address, or choose another port.',
  },
  'missing-token': {
    cause: 'The HTTP server would be reachable from other machines without a token.',
    fix: 'Use `--http-token-file FILE` or `api.tokens` in signalbox.yaml, or listen on 127.0.0.1.',
  },
  'short-token': {
    cause: 'A token that `secret` in `api.tokens` names has less than 20 characters.',
    fix: 'Create one with `signalbox token new`.',
  },
  'short-hook-secret': {
    cause: 'The secret of a hook in `hooks` of signalbox.yaml has less than 16 characters.',
    fix: 'Copy the secret from the provider again.',
  },
  'invalid-token-file': {
    cause: 'The file of `--http-token-file` is empty or cannot be read.',
    fix: 'Write a long random text into it, and check its path and permissions.',
  },
  'invalid-tls-file': {
    cause:
      'A file of `--http-tls-cert`, `--http-tls-key` or `--http-client-ca` cannot be used, or is missing.',
    fix: 'Name PEM files that can be read: a certificate, its private key without a password, and an authority.',
  },
  'no-source': {
    cause: 'No source of events is configured.',
    fix: 'Name one with `--from`, or under `sources` in signalbox.yaml.',
  },
  'duplicate-source': {
    cause: 'The same source is named twice.',
    fix: 'Name each source once.',
  },
  'unknown-partition': {
    cause: 'The store has no partition with this name.',
    fix: 'Run `signalbox sources list`.',
  },
  'running-partition': {
    cause: 'A partition that is read cannot be passed: messages would be skipped without need.',
    fix: 'Pass only partitions that `signalbox sources list` shows with an error.',
  },
  'changing-partition': {
    cause: 'A daemon has moved or claimed the partition while a command was changing it.',
    fix: 'Look at the partition again, and run the command again if it is still stopped.',
  },
  'unknown-source': {
    cause: 'A source spec has an unknown type.',
    fix: 'Use one of the types that the hint lists.',
  },
  'changing-alert': {
    cause: 'Others change the status of the alert faster than the command can write it.',
    fix: 'Run the command again.',
  },
  'changed-alert': {
    cause: 'The alert has another version than the request expects.',
    fix: 'Read the alert again, and repeat the request with its version.',
  },
  'too-long': {
    cause: 'A note has more than 2,000 characters, or an assignee more than 64.',
    fix: 'Shorten the text.',
  },
  'changing-limiter': {
    cause: 'The daemon counts events of a muted detection faster than `alerts unmute` can write its limiter.',
    fix: 'Run the command again.',
  },
  'invalid-archive-key': {
    cause:
      'The key file of an archive cannot be read, has an invalid line, can be read by other users, or lacks the key.',
    fix: 'Write lines of an id and 32 bytes in base64 into a file that only you can read, and keep old keys in it.',
  },
  'unwritable-rejects': {
    cause: 'The file of rejected events cannot be written.',
    fix: 'Check its permissions, or name another file as `rejects` in signalbox.yaml.',
  },
  'unwritable-host-id': {
    cause:
      'The store is shared with other hosts, and the id of this host cannot be kept in `.signalbox/host-id`.',
    fix: 'Set `SIGNALBOX_HOST_ID` to a name that no other host has, or make the folder writable.',
  },
  'unloaded-destination-type': {
    cause: 'A delivery needs a destination type that was not loaded.',
    fix: 'Reload the project, and check the type in destinations.yaml.',
  },
} as const
