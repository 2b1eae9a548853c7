/** The commands there are: one line each, loaded only when called, so that `--help` imports nothing. */
import type { CommandMap } from './command/command.ts'

export const COMMANDS: CommandMap = {
  init: { summary: 'make a working detections repository', load: () => import('./commands/init.ts') },
  new: {
    summary: 'scaffold a rule, policy, helper or data model with its tests',
    load: () => import('./commands/new.ts'),
  },
  validate: {
    summary: 'load everything and print every problem',
    load: () => import('./commands/validate.ts'),
  },
  test: {
    summary: 'run the cases that detections carry, routing included',
    runsPython: true,
    load: () => import('./commands/test.ts'),
  },
  watch: {
    summary: 'test again after every change',
    runsPython: true,
    load: () => import('./commands/watch.ts'),
  },
  debug: {
    summary: 'one case: printed output, traceback, every function',
    runsPython: true,
    load: () => import('./commands/debug.ts'),
  },
  explain: {
    summary: 'why this severity, why this route, what is sent',
    load: () => import('./commands/explain.ts'),
  },
  routes: {
    summary: 'where every detection goes at every severity; what a change re-routes',
    runsPython: true,
    load: () => import('./commands/routes.ts'),
  },
  run: { summary: 'read events, make alerts, deliver them', load: () => import('./commands/run.ts') },
  alerts: { summary: 'look at the alerts in the store', load: () => import('./commands/alerts.ts') },
  deliveries: {
    summary: 'look at deliveries and try them again',
    load: () => import('./commands/deliveries.ts'),
  },
  destinations: {
    summary: 'the registry as code: list, add, edit, remove, test, resume',
    load: () => import('./commands/destinations.ts'),
  },
  python: {
    summary: 'pure-Python packages that detections need',
    load: () => import('./commands/python.ts'),
  },
  schema: { summary: 'JSON Schemas of the files, for editors', load: () => import('./commands/schema.ts') },
  doctor: { summary: 'what is missing here', load: () => import('./commands/doctor.ts') },
  completion: {
    summary: 'print a script that completes commands in a shell',
    load: () => import('./commands/completion.ts'),
  },
}
