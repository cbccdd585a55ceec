#pragma once

#include "export/writers/writer.h"

#include <string>

namespace quantscope {

/// Writes the header of one layer; see Writer::write.
CodeHashes writeHeader(
    const PlannedFile &file, const SourceFacts &source, TextSink &sink, const CodesWritten &written = {});

/// Parts of it.
std::string arrayDefines(const ExportArray &array);
std::string scaleTables(const ExportArray &array);
std::string fixedPointView(const PlannedFile &file);
std::string includeGuard(const PlannedFile &file); ///< "QUANTSCOPE_CONV1_H"

} // namespace quantscope
