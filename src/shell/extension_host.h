// SPDX-License-Identifier: GPL-3.0-or-later
// What inquest does for an extension's command while it runs.

#pragma once

#include "command/command.h"
#include "shell/extensions.h"

namespace inquest {

class Shell;

Result<void> run_extension(Shell& shell, const ExtensionCommand& command,
                           Command::Words words, report::Sink& out);

}  // namespace inquest
