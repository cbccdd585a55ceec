#pragma once

#include <QString>

namespace quantscope {

/// The Python that writes the recipe of a live model, and the two lines that call it for this model's file: to be
/// pasted where the model is trained.
QString recipePython(const QString &modelPath);

} // namespace quantscope
