# SPDX-License-Identifier: Apache-2.0
# wire, mem, log, loop
