#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quantscope {

/// One file of a batch, after or before writing.
struct ExportedFile {
    std::string name; ///< relative to the folder
    std::string format; ///< a name of writers(), "manifest", "helper" or "recipe"
    std::string layer; ///< empty for files that belong to the batch
    std::uint64_t bytes = 0;
    std::uint64_t elements = 0;
    std::uint64_t verified = 0; ///< elements compared and equal; 0 when no proof was asked
    std::string proof; ///< by what: "gcc C99 and SystemC", "reading back"; empty without a proof
};

struct ExportReport {
    std::vector<ExportedFile> files;
    std::vector<std::string> refused; ///< "LAYER SLOT" that the live model contradicts, and that is in no file
    std::vector<std::string> notes; ///< renamed identifiers, layouts that fell back, slots left out
    std::string assumed; ///< "bits of 3 of 4 layers are assumed", of the layers written; empty when nothing is
    bool recipeEdited = false; ///< no file but recipe.toml of the batch holds the recipe
};

} // namespace quantscope
