import { describe, expect, it } from 'vitest'
import { isError } from '../../src/errors.ts'
import { parseFilters } from '../../src/testing/filter.ts'

const spec = {
  RuleID: 'AWS.Root.Login',
  Severity: 'High',
  Enabled: true,
  Threshold: 5,
  LogTypes: ['AWS.CloudTrail', 'Okta.SystemLog'],
  Tags: ['Identity'],
}

describe('a filter', () => {
  it.each<[string[], boolean]>([
    [[], true],
    [['Severity=high'], true],
    [['Severity=Low'], false],
    [['Severity=Low,HIGH'], true],
    [['Severity=Low, High'], true],
    [['Severity!=High'], false],
    [['Severity!=Low,Medium'], true],
    [['Severity!=Low,High'], false],
    [['Enabled=true'], true],
    [['Enabled!=false'], true],
    [['Threshold=5'], true],
    [['LogTypes=okta.systemlog'], true],
    [['LogTypes!=okta.systemlog'], false],
    [['LogTypes=GitHub.Audit'], false],
    [['Severity=High', 'Tags=identity'], true],
    [['Severity=High', 'Tags=network'], false],
    [['Tags=identity', 'Tags=network'], false],
    [['Status='], true],
    [['Status!='], false],
    [['Status=deprecated'], false],
    [['Status!=deprecated'], true],
    [['Severity='], false],
  ])('the filter %j matches %s', (filters, expected) => {
    expect(parseFilters(filters)({ spec })).toBe(expected)
  })

  it.each([
    ['Severity', 'use KEY=VALUE'],
    ['=High', 'use KEY=VALUE'],
    ['Severity=a=b', 'use KEY=VALUE'],
    ['severity=High', 'did you mean "Severity"?'],
    ['PackID=x', 'unknown key'],
    ['QueryName=x', 'unknown key'],
  ])('%s is refused', (text, expected) => {
    let thrown: unknown
    try {
      parseFilters([text])
    } catch (error) {
      thrown = error
    }
    expect(isError(thrown, 'user') && `${thrown.message} ${thrown.hint}`).toContain(expected)
  })
})
