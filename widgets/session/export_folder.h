#pragma once

#include <QString>

namespace quantscope {

/// Where a model's files for hardware are offered to be written: where they were last, else MODEL_hw beside it.
QString exportFolder(const QString &modelPath);
void rememberExportFolder(const QString &modelPath, const QString &folder);
/// What was typed, as an absolute path: a relative one is meant from the model.
QString absoluteExportFolder(const QString &modelPath, const QString &typed);
/// The file name of another model whose export lies in a folder; empty where none does.
QString otherSourceIn(const QString &folder, const QString &modelPath);

} // namespace quantscope
