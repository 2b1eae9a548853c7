/** The limits of concurrent requests, and the share of one client. */
import { describe, expect, it } from 'vitest'
import { Admission } from '../../src/server/admission.ts'

describe('admission', () => {
  it('keeps a share of requests and of bytes for other clients', () => {
    const requests = new Admission({ requests: 8, bytes: 1_000 })
    for (let n = 0; n < 6; n++) expect(requests.tryAcquire('flood', 1)).not.toBeNull()
    expect(requests.tryAcquire('flood', 1)).toBeNull()
    expect(requests.tryAcquire('other', 1)).not.toBeNull()
    const bytes = new Admission({ requests: 100, bytes: 1_000 })
    expect(bytes.tryAcquire('flood', 751)).toBeNull()
    expect(bytes.tryAcquire('flood', 750)).not.toBeNull()
    expect(bytes.tryAcquire('flood', 1)).toBeNull()
    expect(bytes.tryAcquire('other', 250)).not.toBeNull()
    expect(bytes.tryAcquire('third', 1)).toBeNull()
  })

  it('releases a reservation once', () => {
    const admission = new Admission({ requests: 4, bytes: 100 })
    const slot = admission.tryAcquire('a', 75)!
    expect(admission.tryAcquire('a', 1)).toBeNull()
    slot.release()
    slot.release()
    expect(admission.tryAcquire('a', 75)).not.toBeNull()
    expect(admission.tryAcquire('b', 26)).toBeNull()
  })

  it('lets a request grow up to the limits, and releases all of it', () => {
    const admission = new Admission({ requests: 4, bytes: 100 })
    const slot = admission.tryAcquire('a', 10)!
    expect(slot.grow(5)).toBe(true)
    expect(slot.grow(75)).toBe(true)
    expect(slot.grow(76)).toBe(false)
    expect(admission.tryAcquire('b', 26)).toBeNull()
    slot.release()
    expect(admission.tryAcquire('b', 75)).not.toBeNull()
  })
})
