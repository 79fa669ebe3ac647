// What a TypeScript client of each contract would write. test_types.py makes the types beside a copy of this file
// and has the compiler judge both; each `@ts-expect-error` fails where the types would let a mistake through.
import type { operations as Admin } from './admin';
import type { components as LiveRig, operations as LiveRigOperations } from './liverig-backlog-sync';
import type { components as OldLiveRig } from './liverig-backlog-sync.old';
import type { components as Nortech, operations as NortechOperations } from './nortech-historical-data-sync';
import type { operations as NortechCurrent } from './nortech-historical-data-sync.current';

type Body<O extends { requestBody: { content: { 'application/json': unknown } } }> =
  O['requestBody']['content']['application/json'];

export const backlog: Body<LiveRigOperations['requestBacklogSync']> = {
  source: 'Example WITSML server',
  rigName: 'RIG02',
  wells: { 'Energistics-well-0001': { 'Energistics-w1-wellbore-0001': { logs: [{ uid: 'a', indexType: 'date time' }] } } },
  start: 1704250800000,
  end: '1704337200000',
};

// @ts-expect-error the rig has a name in the current revision
export const numberedRig: LiveRig['schemas']['BacklogSyncRequest'] = { ...backlog, rigName: 2 };
export const oldRig: Pick<OldLiveRig['schemas']['BacklogSyncRequest'], 'rigName'> = { rigName: 2 };

export const byId: Body<NortechOperations['requestHistoricalDataSync']> = {
  signals: [1, 2],
  timeWindow: { start: '2021-09-01T00:00:00.000Z', end: '2021-09-01T01:00:00.000Z' },
  format: 'csv',
};
// @ts-expect-error ids and names are never mixed
export const mixture: Nortech['schemas']['Signals'] = [1, { workspace: 'w', asset: 'a', division: 'd', unit: 'u', signal: 's' }];
// @ts-expect-error no such format
export const format: Nortech['schemas']['DataRequest']['format'] = 'xml';

export function file(answer: NortechOperations['requestHistoricalDataSync']['responses']): string {
  const finished = answer[200].content['application/json'];
  return `${finished.requestId}: ${finished.outputFile} ${answer[400].content['application/json'].errors[0]?.location ?? ''}`;
}

// @ts-expect-error the current revision documents no 500
export type NoServerError = NortechCurrent['requestHistoricalDataSync']['responses'][500];

export const health = (answer: Admin['getHealth']['responses'][200]['content']['application/json']): string => answer.version;
