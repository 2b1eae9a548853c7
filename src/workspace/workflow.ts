/** The CI files for a repository of detections; docs/ci.md shows the same texts. */
export const DETECTIONS_WORKFLOW = `name: detections
on: [push, pull_request]
permissions: {}
jobs:
  test:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    env:
      COMPARED_WITH: origin/\${{ github.base_ref }}
    steps:
      - uses: actions/checkout@d23441a48e516b6c34aea4fa41551a30e30af803 # v6.1.0
        with: { fetch-depth: 0, persist-credentials: false }
      - uses: actions/setup-node@249970729cb0ef3589644e2896645e5dc5ba9c38 # v6.5.0
        with: { node-version: 24 }
      - uses: actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5
        with:
          path: ~/.cache/signalbox/snapshots
          key: signalbox-\${{ hashFiles('package-lock.json') }}-\${{ github.sha }}
          restore-keys: signalbox-\${{ hashFiles('package-lock.json') }}-
      - run: npm ci --ignore-scripts --omit=optional
      - run: npx --no-install signalbox validate --fail-on-warnings
      - run: npx --no-install signalbox test --fail-on-warnings --reporter github
      - name: What the pull request re-routes
        if: github.event_name == 'pull_request'
        run: |
          npx --no-install signalbox routes diff "$COMPARED_WITH" > routes.md
          cat routes.md >> "$GITHUB_STEP_SUMMARY"
      - if: github.event_name == 'pull_request'
        uses: actions/upload-artifact@b7c566a772e6b6bfb58ed0dc250532a479d7789f # v6.0.0
        with: { name: routes, path: routes.md }
  # This job may write comments, so it runs no code of the repository.
  comment:
    needs: test
    if: github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository
    runs-on: ubuntu-latest
    permissions:
      pull-requests: write
    steps:
      - uses: actions/download-artifact@018cc2cf5baa6db3ef3c5f8a56943fffe632ef53 # v6.0.0
        with: { name: routes }
      - run: gh pr comment "$PULL_REQUEST" --body-file routes.md --edit-last --create-if-none
        env:
          GH_TOKEN: \${{ github.token }}
          PULL_REQUEST: \${{ github.event.pull_request.html_url }}
`

export const DETECTIONS_PIPELINE = `detections:
  image: node:24
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  variables:
    GIT_DEPTH: 0
  script:
    - npm ci --ignore-scripts --omit=optional
    - npx --no-install signalbox validate --fail-on-warnings
    - npx --no-install signalbox test --fail-on-warnings --reporter pretty --reporter junit=junit.xml
    - npx --no-install signalbox routes diff "origin/$CI_MERGE_REQUEST_TARGET_BRANCH_NAME" | tee routes.md
  artifacts:
    when: always
    paths: [routes.md]
    reports: { junit: junit.xml }
`
