/** Creates the files that `init` and `new` write, as texts by path. Pure. */

export type Files = Readonly<Record<string, string>>
export const KINDS = ['rule', 'policy', 'helper', 'data-model'] as const
export type Kind = (typeof KINDS)[number]

/** @param type is the log type; for a policy it is the resource type. */
export function scaffold(kind: Kind, id: string, type: string | undefined): Files {
  switch (kind) {
    case 'rule':
      return pair('rules', id, ruleSpec(id, type ?? 'Custom.Log'), RULE_BODY)
    case 'policy':
      return pair('policies', id, policySpec(id, type ?? 'AWS.S3.Bucket'), POLICY_BODY)
    case 'helper':
      return {
        ...pair(
          'global_helpers',
          id,
          `AnalysisType: global\nGlobalID: ${id}\nFilename: ${fileName(id)}.py\nDescription: What detections share.\n`,
          HELPER_BODY,
        ),
        [`detections/global_helpers/${fileName(id)}_test.py`]: helperTest(id),
      }
    case 'data-model':
      return pair('data_models', id, dataModelSpec(id, type ?? 'Custom.Log'), DATA_MODEL_BODY)
  }
}

export function isHelperName(id: string): boolean {
  return /^[a-z_][a-z0-9_]*$/.test(id)
}

function pair(folder: string, id: string, spec: string, body: string): Record<string, string> {
  const stem = `detections/${folder}/${fileName(id)}`
  return { [`${stem}.yml`]: spec, [`${stem}.py`]: body }
}

/** `AWS.RootLogin` -> `aws_root_login`. */
function fileName(id: string): string {
  const words = id.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/[^A-Za-z0-9]+/g, '_')
  return words.replace(/^_+|_+$/g, '').toLowerCase()
}

function ruleSpec(id: string, logType: string): string {
  return `AnalysisType: rule
RuleID: ${id}
DisplayName: ${id}
Filename: ${fileName(id)}.py
Enabled: true
LogTypes: [${logType}]
Severity: Medium
Description: What it finds, and why that matters.
Runbook: What to do about an alert.
Tests:
  - Name: a failed login
    ExpectedResult: true
    ExpectedTitle: ann failed to log in
    Log: { p_log_type: ${logType}, action: login, outcome: failure, user: ann }
  - Name: a login that succeeds
    ExpectedResult: false
    Log: { p_log_type: ${logType}, action: login, outcome: success, user: ann }
`
}

const RULE_BODY = `def rule(event):
    return event.get("action") == "login" and event.get("outcome") == "failure"


def title(event):
    return f"{event.get('user', 'unknown')} failed to log in"
`

function policySpec(id: string, resourceType: string): string {
  return `AnalysisType: policy
PolicyID: ${id}
DisplayName: ${id}
Filename: ${fileName(id)}.py
Enabled: true
ResourceTypes: [${resourceType}]
Severity: Medium
Description: What it demands of a resource, and why that matters.
Runbook: What to do about a resource that fails.
Tests:
  - Name: encrypted
    ExpectedResult: true
    Resource: { Name: ledger, Encrypted: true }
  - Name: not encrypted
    ExpectedResult: false
    Resource: { Name: ledger, Encrypted: false }
`
}

const POLICY_BODY = `def policy(resource):
    # False makes the alert.
    return resource.get("Encrypted", False)
`

const HELPER_BODY = `def is_internal(address):
    return address.startswith("10.")
`

function helperTest(id: string): string {
  return `import unittest

from ${id} import is_internal


class TestIsInternal(unittest.TestCase):
    def test_internal(self):
        self.assertTrue(is_internal("10.1.2.3"))

    def test_external(self):
        self.assertFalse(is_internal("192.0.2.1"))
`
}

function dataModelSpec(id: string, logType: string): string {
  return `AnalysisType: datamodel
DataModelID: ${id}
DisplayName: ${id}
Filename: ${fileName(id)}.py
Enabled: true
LogTypes: [${logType}]
Mappings:
  - { Name: actor_user, Path: user }
  - { Name: source_ip, Method: get_source_ip }
`
}

const DATA_MODEL_BODY = `def get_source_ip(event):
    return event.get("address")
`
