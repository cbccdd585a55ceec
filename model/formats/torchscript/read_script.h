#pragma once

#include "formats/torchscript/script_objects.h"
#include "formats/zip/zip_archive.h"

#include <string>

namespace quantscope {

/// What a TorchScript archive consists of.
struct ScriptArchive {
    const ZipArchive &archive;
    std::string root; ///< "archive/"
    const ScriptPickle &data; ///< data.pkl
    const ScriptPickle *constants = nullptr; ///< constants.pkl
};

/// Gives a file the graph of what its module's forward does: operators as the code names them, domain and name apart
/// ("aten", "conv2d"), with the path of their module as scope. A file that holds no module, or one without code that
/// starts anywhere, has none. Throws ParseError.
void readScriptGraph(const ScriptArchive &script, ModelFile &file, const Limits &limits, Budget &budget);

} // namespace quantscope
