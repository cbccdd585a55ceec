#pragma once

#include "export/export_plan.h"
#include "export/source_facts.h"

#include <string>

namespace quantscope {

/// The comment at the top of a header: source, and for each array its tensor, order, value and the origin of every
/// field of its quantizer.
std::string headerComment(const PlannedFile &file, const SourceFacts &source);

} // namespace quantscope
