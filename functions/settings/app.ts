/** Everything that can be set: what is in force, what is allowed, and changing it. */
import { z } from 'zod'
import type { ApiServices } from '../../lib/http/api.ts'
import { operationsOf } from '../../lib/http/operation.ts'
import type { SettingServices } from '../../lib/live-settings/change.ts'
import {
  getSetting,
  listSettings,
  newValueSchema,
  setSetting,
  setSettings,
  settingChangesSchema,
  unsetSetting,
} from '../../lib/live-settings/manage.ts'
import { settingSchema } from '../../lib/live-settings/view.ts'

const operation = operationsOf<ApiServices & SettingServices>()

const path = z.strictObject({ key: z.string() })

export const settings = [
  operation({
    route: 'GET /api/settings',
    role: 'auditor',
    summary: 'All settings.',
    answer: z.array(settingSchema),
    handle: ({ services }) => listSettings(services),
  }),
  operation({
    route: 'GET /api/settings/{key}',
    role: 'auditor',
    summary: 'One setting.',
    path,
    answer: settingSchema,
    handle: ({ services, path }) => getSetting(services, path),
  }),
  operation({
    route: 'PUT /api/settings/{key}',
    role: 'superadmin',
    summary: 'Changes one setting; it is in force at the next request, on every node.',
    path,
    body: newValueSchema,
    answer: settingSchema,
    action: 'setting set',
    handle: ({ services, path, body }) => setSetting(services, { ...body, ...path }),
  }),
  operation({
    route: 'DELETE /api/settings/{key}',
    role: 'superadmin',
    summary: 'Brings one setting back to what the configuration file or the default says.',
    path,
    query: newValueSchema.pick({ version: true }),
    answer: settingSchema,
    action: 'setting unset',
    handle: ({ services, path, query }) => unsetSetting(services, { ...query, ...path }),
  }),
  operation({
    route: 'PATCH /api/settings',
    role: 'superadmin',
    summary: 'Changes several settings, all or none; the value null brings one back to what is configured.',
    body: settingChangesSchema,
    answer: z.array(settingSchema),
    action: 'setting set',
    handle: ({ services, body }) => setSettings(services, body),
  }),
]
