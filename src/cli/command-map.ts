/** The catalog of commands. A command is loaded when it is called, so that `--help` imports none. */
import type { CommandMap } from './command/command.ts'

export const COMMANDS: CommandMap = {
  init: { summary: 'create a working detections repository', load: () => import('./commands/init.ts') },
  new: {
    summary: 'create a rule, policy, helper, data model or destination type with its tests',
    load: () => import('./commands/new.ts'),
  },
  validate: {
    summary: 'load everything and print every problem',
    load: () => import('./commands/validate.ts'),
  },
  test: {
    summary: 'run the test cases of detections, routing included',
    runsPython: true,
    load: () => import('./commands/test.ts'),
  },
  watch: {
    summary: 'test again after every change',
    runsPython: true,
    load: () => import('./commands/watch.ts'),
  },
  debug: {
    summary: 'run one case and print its output, tracebacks and functions',
    runsPython: true,
    load: () => import('./commands/debug.ts'),
  },
  explain: {
    summary: 'explain the severity, the route and the requests of one event',
    load: () => import('./commands/explain.ts'),
  },
  bench: {
    summary: 'measure the functions of detections and their guards',
    load: () => import('./commands/bench.ts'),
  },
  routes: {
    summary: 'show the routes of all detections, or what a change re-routes',
    runsPython: true,
    load: () => import('./commands/routes.ts'),
  },
  replay: {
    summary: 'show what recorded events would have done, also against another revision',
    runsPython: true,
    load: () => import('./commands/replay.ts'),
  },
  mcp: {
    summary: 'run the commands that only read, as tools for agents and editors',
    load: () => import('./commands/mcp.ts'),
  },
  run: { summary: 'read events, create alerts and deliver them', load: () => import('./commands/run.ts') },
  ready: {
    summary: 'check whether a running daemon accepts events',
    load: () => import('./commands/ready.ts'),
  },
  alerts: {
    summary: 'list, show, acknowledge, resolve and resend alerts',
    load: () => import('./commands/alerts.ts'),
  },
  silences: {
    summary: 'list, preview, add, expire and extend silences',
    load: () => import('./commands/silences.ts'),
  },
  deliveries: {
    summary: 'list and retry deliveries, and send digests',
    load: () => import('./commands/deliveries.ts'),
  },
  status: {
    summary: 'show the sources with partitions and the open deliveries of a store',
    load: () => import('./commands/status.ts'),
  },
  sources: {
    summary: 'list the partitions of sources, and skip a message that stops one',
    load: () => import('./commands/sources.ts'),
  },
  destinations: {
    summary: 'list, add, edit, remove, test and resume destinations',
    load: () => import('./commands/destinations.ts'),
  },
  store: {
    summary: 'copy a store to PostgreSQL, and check a store',
    load: () => import('./commands/store.ts'),
  },
  token: { summary: 'create a token for the HTTP API', load: () => import('./commands/token.ts') },
  python: {
    summary: 'install pure-Python packages for detections',
    load: () => import('./commands/python.ts'),
  },
  schema: {
    summary: 'print JSON Schemas of the files, for editors',
    load: () => import('./commands/schema.ts'),
  },
  doctor: { summary: 'check the installation and the project', load: () => import('./commands/doctor.ts') },
  completion: {
    summary: 'print a completion script for a shell',
    load: () => import('./commands/completion.ts'),
  },
}
