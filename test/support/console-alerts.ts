/** Alerts, deliveries and destinations to show in the console: ordinary ones, and hostile ones. */
import { hashId } from '../../src/model/alerts/alert.ts'
import { initialStatus } from '../../src/model/alerts/alert-status.ts'
import type { Severity } from '../../src/model/alerts/severity.ts'
import type { Silence } from '../../src/model/alerts/silence.ts'
import { type AlertRow, NOTHING_EXPECTED, type Store } from '../../src/store/store.ts'
import { changeAlert } from '../../src/workspace/alerts/change-alert.ts'
import { alert, delivery, plan } from './store-rows.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** A title that would run a script, if it were taken as HTML. */
export const HOSTILE_TITLE =
  '<script>window.hostile=1</script><img src=x onerror="window.hostile=1"> "><svg onload=window.hostile=1> \u202egpj.exe \u0000'

interface Sample {
  readonly severity: Severity
  readonly detection: string
  readonly title: string
  readonly minutes: number
  readonly events?: number
  readonly destinations?: readonly string[]
}

const SAMPLES: readonly Sample[] = [
  {
    severity: 'CRITICAL',
    detection: 'Example.AWS.RootConsoleLogin',
    title: 'Root signed in to account 123456789012 without MFA',
    minutes: 4,
    events: 3,
    destinations: ['console', 'alert-log', 'on-call'],
  },
  {
    severity: 'HIGH',
    detection: 'Example.Standard.PasswordSpray',
    title: 'Okta: 58 failed sign-ins of ada@example.com from 203.0.113.7',
    minutes: 11,
    events: 58,
    destinations: ['console', 'identity-team'],
  },
  {
    severity: 'HIGH',
    detection: 'Example.AWS.SecurityGroupOpened',
    title: 'The security group sg-0a1b2c3d was opened to 0.0.0.0/0 on port 22',
    minutes: 26,
    destinations: ['console', 'alert-log'],
  },
  {
    severity: 'MEDIUM',
    detection: 'Example.AWS.S3.BucketEncryption',
    title: 'The bucket invoices-2026 is not encrypted',
    minutes: 51,
    destinations: ['alert-log'],
  },
  {
    severity: 'MEDIUM',
    detection: 'Example.GitHub.OrganizationOwnerAdded',
    title: 'margaret became an owner of the organization example',
    minutes: 95,
    destinations: ['alert-log'],
  },
  {
    severity: 'LOW',
    detection: 'Example.Okta.MFAFactorReset',
    title: 'The MFA factors of grace@example.com were reset',
    minutes: 140,
    destinations: ['alert-log'],
  },
  {
    severity: 'LOW',
    detection: 'Example.GitHub.SecretScanningDisabled',
    title: 'Secret scanning was disabled in example/payments',
    minutes: 300,
    events: 2,
    destinations: ['alert-log'],
  },
  {
    severity: 'INFO',
    detection: 'Vendor.Okta.PolicyChanged',
    title: 'The policy "Default sign-on" was changed',
    minutes: 420,
    destinations: [],
  },
  {
    severity: 'MEDIUM',
    detection: 'Test.Hostile',
    title: HOSTILE_TITLE,
    minutes: 500,
    destinations: ['alert-log'],
  },
]

/** The ids of the alerts, by their detection. */
export const ALERT_IDS = Object.fromEntries(SAMPLES.map(({ detection }) => [detection, hashId(detection)]))

export async function fillStore(store: Store): Promise<void> {
  const now = store.now()
  const alerts = [...SAMPLES.map((sample) => row(sample, now)), ...earlier(now)]
  await store.commit(plan({ alerts, deliveries: deliveriesOf(alerts) }), NOTHING_EXPECTED)
  await silence(store, now)
  await settle(store)
  await act(store, now)
}

function row(
  { severity, detection, title, minutes, events = 1, destinations = [] }: Sample,
  now: number,
): AlertRow {
  const createdAt = now - minutes * MINUTE_MS
  const id = hashId(detection)
  const notification = {
    id: detection,
    title: `New Alert: ${title}`,
    description:
      'A person signed in as the root user. The root user has every permission, and no policy limits it.',
    runbook:
      '1. Ask the owner of the account.\n2. If it was not the owner, follow https://runbooks.example/aws/root-sign-in and rotate the password.',
    link: 'https://console.example/alerts/1',
    tags: ['AWS', 'Identity', 'Initial access:Valid accounts'],
    alertContext: {
      actor: 'root',
      account: '123456789012',
      sourceIp: '203.0.113.7',
      mfa: false,
      requests: 12345678901234,
    },
  }
  return alert(id, {
    groupKey: hashId('group', detection),
    detection,
    severity,
    title,
    events,
    createdAt,
    dedup: `${detection}:123456789012`,
    lastEventAt: createdAt + (events > 1 ? 2 * MINUTE_MS : 0),
    notification: JSON.stringify(notification),
    reference: detection === 'Test.Hostile' ? 'javascript:window.hostile=1' : 'https://docs.example/root',
    status: initialStatus(severity, createdAt),
    route: {
      level: 'static-severity',
      destinations,
      suppressed: false,
      trace: [
        { level: 'generated-destinations', decided: false, reason: 'the detection has no destinations()' },
        { level: 'static-destinations', decided: false, reason: 'OutputIds is not set' },
        { level: 'generated-severity', decided: false, reason: 'the detection has no severity()' },
        {
          level: 'static-severity',
          decided: true,
          reason: `Severity is ${severity}, which these destinations get`,
          names: destinations,
          dropped: [{ destination: 'identity-team', filter: 'severities' }],
        },
      ],
      problems: [],
    },
  })
}

/** Alerts of the last weeks, for the charts. */
function earlier(now: number): AlertRow[] {
  const severities: readonly Severity[] = [
    'LOW',
    'INFO',
    'MEDIUM',
    'LOW',
    'HIGH',
    'LOW',
    'MEDIUM',
    'INFO',
    'LOW',
    'CRITICAL',
  ]
  return Array.from({ length: 160 }, (_, i) => {
    const hours = 3 + i * 1.3 + (i % 7) * (i / 12)
    const severity = severities[(i * 7) % severities.length]!
    const createdAt = now - hours * HOUR_MS
    const { detection, title } = SAMPLES[i % 7]!
    return {
      ...row({ severity, detection, title, minutes: hours * 60, destinations: ['alert-log'] }, now),
      id: hashId('earlier', i),
      groupKey: hashId('earlier group', i),
      status: {
        ...initialStatus(severity, createdAt),
        status: 'resolved' as const,
        reason: (['expected', 'false-positive', 'fixed', 'true-positive'] as const)[i % 4]!,
      },
    }
  })
}

function deliveriesOf(alerts: readonly AlertRow[]) {
  return alerts.flatMap(({ id, route, createdAt }) =>
    route.destinations.map((name) =>
      delivery(hashId('delivery', id, name), {
        alertId: id,
        destination: name,
        destinationKey: name,
        createdAt,
        due: createdAt,
        reason: 'static-severity',
      }),
    ),
  )
}

/** A silence that a person made, which has hidden one alert from the console. */
async function silence(store: Store, now: number): Promise<void> {
  const alertId = ALERT_IDS['Example.GitHub.OrganizationOwnerAdded']!
  const at = now - 95 * MINUTE_MS
  const until = now + 7 * HOUR_MS
  const made: Silence = {
    id: 's-4f0c2a91',
    from: now - 3 * HOUR_MS,
    until,
    reason: 'The owners of the organization move to new accounts, CHG-4711',
    owner: 'platform@example.com',
    match: { detections: ['Example.GitHub.*'], severities: ['LOW', 'MEDIUM'] },
    except: { title: ['*payments*'] },
    destinations: ['console'],
  }
  await store.commit(
    plan({
      silences: [{ silence: made, version: 1, createdAt: now - 3 * HOUR_MS, createdBy: 'ada' }],
      silenceHits: [{ silenceId: made.id, alertId, at }],
      handlings: [
        {
          alertId,
          at,
          steps: [
            {
              stage: 'silence',
              destination: 'console',
              did: 'hid',
              by: made.id,
              until,
              reason: `${made.id} (${made.owner}: ${made.reason})`,
            },
            {
              stage: 'silence',
              destination: 'alert-log',
              did: 'passed',
              by: made.id,
              reason: `${made.id} is for console alone`,
            },
          ],
        },
      ],
    }),
    NOTHING_EXPECTED,
  )
}

/** Delivers most, lets on-call wait, and identity-team die. */
async function settle(store: Store): Promise<void> {
  const names = ['console', 'alert-log', 'on-call', 'identity-team']
  for (;;) {
    const claimed = await store.claim({ destinationKeys: names, limit: 100, leaseMs: MINUTE_MS })
    if (claimed.length === 0) break
    for (const {
      delivery: { id, destination },
      leaseToken,
    } of claimed) {
      const at = store.now()
      const refused = {
        at,
        status: 503,
        ms: 30_000,
        outcome: 'retry' as const,
        message: '503 Service Unavailable: upstream connect error',
      }
      const dead = {
        at,
        status: 400,
        ms: 81,
        outcome: 'refused' as const,
        message: '400 Bad Request: channel_not_found',
      }
      const good = { at, status: 200, ms: 42, outcome: 'delivered' as const, message: '' }
      await store.recordOutcome(
        id,
        leaseToken,
        destination === 'on-call'
          ? { state: 'waiting', due: at + 5 * MINUTE_MS, spendsAttempt: true, attempt: refused }
          : destination === 'identity-team'
            ? { state: 'dead', attempt: dead, reason: dead.message, fallbackDeliveries: [] }
            : { state: 'delivered', attempt: good },
      )
    }
  }
  await store.changeDestinationState('identity-team', (state) => ({
    ...state,
    pausedAt: store.now() - 20 * MINUTE_MS,
    pausedReason: '401 Unauthorized: the token was revoked',
  }))
  await store.changeDestinationState('on-call', (state) => ({ ...state, failures: 2 }))
}

async function act(store: Store, now: number): Promise<void> {
  const ada = { name: 'ada', via: 'console' }
  await changeAlert(
    store,
    ALERT_IDS['Example.AWS.SecurityGroupOpened']!,
    { verb: 'acknowledge', note: 'I look at it.', assignee: 'ada' },
    ada,
    now - 20 * MINUTE_MS,
  )
  await changeAlert(
    store,
    ALERT_IDS['Example.AWS.S3.BucketEncryption']!,
    {
      verb: 'resolve',
      reason: 'expected',
      note: 'The bucket holds public files only: https://tickets.example/CHG-4711',
    },
    ada,
    now - 30 * MINUTE_MS,
  )
  await changeAlert(
    store,
    ALERT_IDS['Example.AWS.RootConsoleLogin']!,
    { verb: 'comment', note: 'I asked the owner of the account.' },
    { name: 'grace', via: 'cli' },
    now - 2 * MINUTE_MS,
  )
}

/** Every page of the console with something to show, by its name. */
export const CONSOLE_PAGES: Readonly<Record<string, string>> = {
  overview: '/',
  alerts: '/alerts?status=any&since=12h',
  alert: `/alerts/${ALERT_IDS['Example.AWS.RootConsoleLogin']}`,
  deliveries: '/deliveries?show=waiting',
  destinations: '/destinations',
  silences: '/silences',
  'new silence': '/silences/new?detection=Example.GitHub.*&severity=MEDIUM&severity=LOW&for=2h',
  'silenced alert': `/alerts/${ALERT_IDS['Example.GitHub.OrganizationOwnerAdded']}`,
  routes: '/routes',
  detections: '/detections',
  detection: '/detections/Example.AWS.RootConsoleLogin',
  keys: '/keys',
}

/** The pages of which the docs have pictures. */
export const PICTURED_PAGES = Object.keys(CONSOLE_PAGES).filter(
  (name) => name !== 'keys' && name !== 'silenced alert',
)

/** The name of the picture of a page in the docs. */
export function pictureName(page: string, scheme: 'light' | 'dark'): string {
  return `${page.replaceAll(' ', '-')}-${scheme}.png`
}
