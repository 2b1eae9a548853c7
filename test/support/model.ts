/** Builders of model values with sensible defaults: a test names only what it is about. */

import type { FunctionError, FunctionResults, MatchFinding } from '../../src/model/alerts/finding.ts'
import type { EventIdentity } from '../../src/model/events/event.ts'
import type { Destination, NoRegistry, Registry } from '../../src/model/project/destination.ts'
import { NO_HANDLING } from '../../src/model/project/destination-handling.ts'
import type { Detection } from '../../src/model/project/detection.ts'
import { NO_HANDLING_RULES, rulesOfDestinations } from '../../src/model/project/handling-rules.ts'
import type { Project } from '../../src/model/project/project.ts'
import { DEFAULT_SETTINGS } from '../../src/model/project/settings.ts'

export function destination(name: string, over: Partial<Destination> = {}): Destination {
  return {
    name,
    id: null,
    previousNames: [],
    type: 'webhook',
    enabled: true,
    severities: [],
    alertTypes: null,
    logTypes: null,
    strict: false,
    options: { url: 'http://127.0.0.1:9/' },
    retry: { maxAgeMs: 3 * 86_400_000, maxAttempts: 0 },
    rateLimit: null,
    concurrency: 8,
    updates: [],
    repeatEveryMs: 3_600_000,
    handling: NO_HANDLING,
    location: 'destinations.yaml:1',
    ...over,
  }
}

export function registry(destinations: readonly Destination[], over: Partial<Registry> = {}): Registry {
  return {
    file: 'destinations.yaml',
    destinations,
    fallback: [],
    fallbackAfterMs: 15 * 60_000,
    heartbeat: null,
    onEscalation: 'count',
    intervals: [],
    ...over,
  }
}

export function detection(over: Partial<Detection> = {}): Detection {
  return {
    id: 'Test.Rule',
    type: 'rule',
    location: { file: 'rules/test.yml', line: 1, column: 1 },
    body: { path: 'rules/test.py', source: '' },
    correlation: null,
    signalFields: [],
    simple: null,
    inlineFilter: null,
    enabled: true,
    severity: 'MEDIUM',
    displayName: 'A test rule',
    description: 'static description',
    reference: 'static reference',
    runbook: 'static runbook',
    tags: ['one', 'two'],
    logTypes: ['AWS.CloudTrail'],
    scheduledQueries: [],
    resourceTypes: [],
    suppressions: [],
    outputIds: [],
    override: null,
    dedupPeriodMinutes: 60,
    threshold: 1,
    createAlert: true,
    status: '',
    tests: [],
    version: 'v1',
    spec: {},
    ...over,
  }
}

export function identity(over: Partial<EventIdentity> = {}): EventIdentity {
  return {
    source: 'stdin',
    seq: 0,
    kind: 'log',
    type: 'AWS.CloudTrail',
    rowId: 'row-1',
    resourceId: null,
    happenedAt: null,
    at: 1_700_000_000_000,
    ...over,
  }
}

export function finding(
  functions: FunctionResults = { detection: { output: true } },
  over: Partial<Omit<MatchFinding, 'functions'>> = {},
): MatchFinding {
  return { from: 'detection', detection: 'Test.Rule', event: identity(), functions, ...over }
}

export function failure(type = 'KeyError', message = "'x'"): { error: FunctionError } {
  const frames = [{ file: 'rules/test.py', line: 3, function: 'rule', source: "return event['x']" }]
  return { error: { type, message, repr: `${type}(${message})`, frames } }
}

export function project(detections: readonly Detection[], declared: Registry | NoRegistry): Project {
  return {
    root: '/nowhere',
    detections: new Map(detections.map((each) => [each.id, each])),
    helpers: [],
    dataModels: [],
    unitTests: [],
    others: [],
    invalidParts: [],
    registry: declared,
    handling: { ...NO_HANDLING_RULES, destinations: rulesOfDestinations(declared) },
    settings: DEFAULT_SETTINGS,
    folders: ['/nowhere'],
    configuration: ['signalbox.yaml', 'destinations.yaml'],
    problems: [],
  }
}
