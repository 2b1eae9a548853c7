/** Builders for tests of the handling of alerts. */
import type { HandledAlert } from '../../src/handling/stage.ts'
import type { Silence } from '../../src/model/alerts/silence.ts'

export function silence(id: string, over: Partial<Silence> = {}): Silence {
  return {
    id,
    from: null,
    until: Date.parse('2027-01-01T00:00:00Z'),
    reason: 'Kernel patching',
    owner: 'platform@example.com',
    match: {},
    except: null,
    destinations: null,
    ...over,
  }
}

export function handledAlert(over: Partial<HandledAlert> = {}): HandledAlert {
  return {
    detection: 'AWS.EC2.Reboot',
    kind: 'RULE',
    severity: { value: 'MEDIUM', source: 'static' },
    title: 'web-1 was rebooted',
    tags: ['Patching'],
    context: '{"host":{"name":"web-1"},"count":3}',
    logTypes: ['AWS.CloudTrail'],
    dedup: 'web-1',
    ...over,
  }
}
