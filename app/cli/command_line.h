#pragma once

#include "base/error.h"
#include "base/ids.h"
#include "checks/target.h"
#include "description/program_description.h"
#include "export/export.h"
#include "report/inspect.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace quantscope::cli {

struct InspectArguments {
    std::string file;
    std::optional<std::string> recipe, part, quantInfo;
    bool json = false, csv = false;
    InspectOptions options;
};

struct CodesArguments {
    std::string file, layer, slot = "weight", as = "dec", range;
    std::optional<std::string> recipe, part, quantInfo, where;
};

struct RecipeArguments {
    std::string file;
    std::optional<std::string> recipe, part, quantInfo;
    bool printer = false;
};

struct CompareArguments {
    std::string file, slotText = "weight", bits, over = "weights"; ///< over: whose widths --sweep chooses
    bool allLayers = false; ///< none is named
    Slot slot = Slot::Weight; ///< what the text says, once the model is known
    std::vector<std::string> layers, with;
    std::optional<std::string> recipe, part, quantInfo, data, labels;
    std::optional<std::uint64_t> memory; ///< megabytes
    std::optional<double> keepSqnr;
    bool json = false, csv = false, powerOfTwo = false, walks = false;

    bool sweeps() const { return !bits.empty() || keepSqnr; }
};

struct ExportArguments {
    std::string file;
    std::optional<std::string> recipe, part, quantInfo;
    ExportRequest request;
};

struct RunArguments {
    std::string file, data;
    std::optional<std::string> recipe, part, quantInfo, labels, save;
    std::vector<std::string> with; ///< LAYER[:SLOT]=CANDIDATE
    std::optional<std::uint64_t> limit, memory; ///< samples, megabytes
    bool allFloat = false, layers = false, json = false;
};

struct CheckArguments {
    std::string file, targetText;
    std::optional<std::string> recipe, part, quantInfo;
    bool json = false;

    /// Nothing: the rules that hold for every target.
    std::optional<Target> target() const { return targetFromName(targetText); }
};

struct DiffArguments {
    std::string fileA, fileB;
    std::vector<std::string> renames;
    std::optional<std::string> recipe, recipeB, part, partB;
    bool json = false;
};

struct ReportArguments {
    std::string file, html, targetText;
    std::optional<std::string> recipe, part, quantInfo;

    /// Nothing: the rules that hold for every target.
    std::optional<Target> target() const { return targetFromName(targetText); }
};

using Command = std::variant<InspectArguments, CodesArguments, RecipeArguments, CompareArguments, ExportArguments,
    RunArguments, CheckArguments, DiffArguments, ReportArguments>;

/// What is to be done, or what --help and --version print. Errors: Usage.
/// The only file that knows CLI11, which takes the compiler longer than the rest of the program.
Result<std::variant<Command, std::string>> parseCommandLine(int argc, char **argv);

std::vector<std::string> commandNames();

/// The same command line as data.
ProgramDescription describeCommandLine();

} // namespace quantscope::cli
