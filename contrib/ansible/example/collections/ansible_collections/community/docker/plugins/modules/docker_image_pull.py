#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 Super Invites contributors
#
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stands in for the module of this name, so that the role's tasks run where there is no Docker. It changes nothing."""

print('{"changed": false}')
