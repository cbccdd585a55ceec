#pragma once

#include "export/writers/writer.h"

namespace quantscope {

/// Writes a memory file for `$readmemh`: one word a line, no comment, in the fewest upper-case hexadecimal digits that
/// hold its bits. An element is its code in two's complement of the array's width; bits and elements to spare are zero.
CodeHashes writeMemHex(
    const PlannedFile &file, const SourceFacts &source, TextSink &sink, const CodesWritten &written = {});

} // namespace quantscope
