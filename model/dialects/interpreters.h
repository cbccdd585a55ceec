#pragma once

#include "base/progress.h"
#include "network/network.h"
#include "network/recover.h"

#include <memory>

namespace quantscope {

/// What turns a file into a network: one row a way of saying quantizers.
struct Interpreter {
    std::string_view name; ///< for people
    bool (*recognises)(const ModelFile &file);
    /// Layers, slots, shapes and kinds from names and types alone.
    Network (*list)(std::shared_ptr<const ModelFile> file, const Recipe &recipe);
    /// Fills in the quantizers. Throws RecipeMismatch, CancelledError, ParseError.
    void (*recover)(Network &network, const Progress &progress, const RecoverHints &hints);
};

/// The first that recognises a file is its interpreter; the last recognises every file.
const Interpreter &interpreterOf(const ModelFile &file);

} // namespace quantscope
