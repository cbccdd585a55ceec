#pragma once

#include "run/run_request.h"

#include <QString>

#include <optional>

namespace quantscope {

/// The data of a model: those that were chosen for it, else those of the bundled samples where they lie beside it.
std::optional<RunData> runDataOf(const QString &modelPath);
/// Places as a person writes them, with absolute paths; no labels where that text is empty.
RunData runDataAt(const QString &samples, const QString &labels);
/// None is a choice too.
void rememberRunData(const QString &modelPath, const std::optional<RunData> &data);

} // namespace quantscope
