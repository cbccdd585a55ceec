#include "command_line.h"

#include "base/parse_number.h"
#include "export/layout.h"
#include "export/writers/writer.h"
#include "run/run_client.h"

#include <limits>
#include <map>
#include <memory>
#include <sstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace quantscope::cli {

namespace {

CLI::Option *addPart(CLI::App &word, std::optional<std::string> &part)
{
    return word.add_option(
        "--part", part, "Which weights of a checkpoint that holds several, such as ema beside model");
}

CLI::Option *addQuantInfo(CLI::App &word, std::optional<std::string> &quantInfo)
{
    return word.add_option("--quant-info", quantInfo,
        "The quant_info.json of vai_q_pytorch for a checkpoint (default: beside it or in quantize_result/)");
}

void addTarget(CLI::App &word, std::string &target)
{
    word.add_option("--target", target, "What it is made for (default: what holds for every target)")
        ->check(CLI::IsMember(std::vector<std::string>(targetNames().begin(), targetNames().end())));
}

CLI::Option *addMemory(CLI::App &word, std::optional<std::uint64_t> &memory)
{
    return word
        .add_option("--memory", memory,
            fmt::format("Megabytes that what flowed may take between two runs, so that a change late in the network "
                        "costs only what follows it (default: {}); 0 keeps nothing; results do not depend on it",
                RunClientOptions().memoryLimit / kMegabyte))
        ->type_name("MB")
        ->check([](const std::string &text) -> std::string {
            const auto megabytes = parseNumber<std::uint64_t>(text);
            return megabytes && *megabytes <= std::numeric_limits<std::uint64_t>::max() / kMegabyte
                ? std::string()
                : fmt::format("'{}' is no whole number of megabytes, such as 1000, or 0 to keep nothing", text);
        });
}

void addInspect(CLI::App &app, Command &chosen)
{
    auto arguments = std::make_shared<InspectArguments>();
    CLI::App *word = app.add_subcommand("inspect", "Layers, quantizers, where each number comes from, and problems");
    word->add_option("file", arguments->file, "The model")->required();
    word->add_option(
        "--recipe", arguments->recipe, "The recipe of a checkpoint (default: MODEL.recipe.toml beside it)");
    addPart(*word, arguments->part);
    addQuantInfo(*word, arguments->quantInfo);
    auto *json = word->add_flag("--json", arguments->json, "JSON, schema 1; floats in hexadecimal");
    auto *csv = word->add_flag("--csv", arguments->csv, "The layer table, comma separated");
    json->excludes(csv);
    word->add_flag("--hash", arguments->options.hash, "Adds SHA-256 hashes of codes, values and tensors");
    word->add_flag("--list", arguments->options.list, "Names, shapes and types only: reads no tensor's data");
    word->add_flag("--tensors", arguments->options.tensors, "Adds every tensor of the file");
    word->callback([arguments, &chosen] { chosen = *arguments; });
}

void addCodes(CLI::App &app, Command &chosen)
{
    auto arguments = std::make_shared<CodesArguments>();
    CLI::App *word = app.add_subcommand("codes", "The integers of a layer, one a line");
    word->add_option("file", arguments->file, "The model")->required();
    word->add_option("layer", arguments->layer, "The layer's path")->required();
    word->add_option("--slot", arguments->slot, "weight or bias")->capture_default_str();
    word->add_option(
            "--as", arguments->as, "How: dec, hex, bin (two's complement with the binary point), float (dequantized)")
        ->check(CLI::IsMember({"dec", "hex", "bin", "float"}))
        ->capture_default_str();
    word->add_option("--range", arguments->range, "a:b, half-open, in flat row-major indices");
    word->add_option("--where", arguments->where,
        "Only what a query finds, as index and value: 0x2D, .101101, 0b101101, -19, |code|>=127, float>0.5, "
        "value<0, error>0.01, channel=3, clipped, at limit, zeroed, not finite; 'and' joins several");
    word->add_option("--recipe", arguments->recipe, "The recipe of a checkpoint");
    addPart(*word, arguments->part);
    addQuantInfo(*word, arguments->quantInfo);
    word->callback([arguments, &chosen] { chosen = *arguments; });
}

void addRecipe(CLI::App &app, Command &chosen)
{
    auto arguments = std::make_shared<RecipeArguments>();
    CLI::App *word = app.add_subcommand(
        "recipe", "The recipe in force, as TOML: read, given or assumed; or the Python that writes one");
    auto *file = word->add_option("file", arguments->file, "The model");
    auto *recipe = word->add_option("--recipe", arguments->recipe, "The recipe of a checkpoint");
    auto *part = addPart(*word, arguments->part);
    auto *quantInfo = addQuantInfo(*word, arguments->quantInfo);
    word->add_flag("--printer", arguments->printer,
            "Prints quantscope_recipe.py, which writes the recipe of a live Brevitas model, with its proofs")
        ->excludes(file)
        ->excludes(recipe)
        ->excludes(part)
        ->excludes(quantInfo);
    word->callback([arguments, file, &chosen] {
        if (!arguments->printer && file->count() == 0)
            throw CLI::RequiredError(file->get_name());
        chosen = *arguments;
    });
}

void addWalk(CLI::App &word, CompareArguments &arguments, CLI::Option *data)
{
    auto *sweep = word.add_flag("--sweep", arguments.walks,
        "With --data: every width (2:8 without --bits) of each layer alone in the network, then total bits against "
        "accuracy or output SQNR; how many runs that takes is said first");
    sweep->needs(data);
    word.add_option("--over", arguments.over,
            "With --sweep: whose widths: those of weights, activations (their bits are those of one sample), or both")
        ->check(CLI::IsMember({"weights", "activations", "both"}))
        ->capture_default_str()
        ->needs(sweep);
}

void addCompare(CLI::App &app, Command &chosen)
{
    auto arguments = std::make_shared<CompareArguments>();
    CLI::App *word = app.add_subcommand("compare", "Quantizer choices side by side, and a sweep over bit widths");
    word->add_option("file", arguments->file, "The model")->required();
    word->add_option("layers", arguments->layers, "The layers' paths (default: all that have values)");
    word->add_option("--with", arguments->with,
            "A candidate: a preset with keywords (NAME,bit_width=4; of activations range=max or range=99.9, a "
            "percentile of the data), ap_fixed<W,I>, torch_per_tensor_affine, torch_per_channel_affine, binary, "
            "ternary; may "
            "repeat (default: all that follow from the values)")
        ->allow_extra_args(false);
    word->add_option("--bits", arguments->bits, "Sweep: every candidate at widths such as 2:8");
    word->add_option("--keep-sqnr", arguments->keepSqnr,
        "Sweep (of 1:16 without --bits): the fewest bits per layer that keep this SQNR in dB, as recipe and as Python");
    word->add_flag("--power-of-two", arguments->powerOfTwo,
        "What a power-of-two scale for the whole tensor costs: -log2 of the float scale rounded down, to nearest and "
        "up, and the one with the least squared error");
    word->add_option(
            "--slot", arguments->slotText, "weight, bias, or with --data one of activations: act, input, output")
        ->capture_default_str();
    auto *data = word->add_option("--data", arguments->data,
        "Samples as run takes them: adds what each candidate does to the network's output and, with --labels, "
        "accuracy");
    word->add_option("--labels", arguments->labels, "Labels as run takes them")->needs(data);
    addWalk(*word, *arguments, data);
    addMemory(*word, arguments->memory)->needs(data);
    word->add_option("--recipe", arguments->recipe, "The recipe of a checkpoint");
    addPart(*word, arguments->part);
    addQuantInfo(*word, arguments->quantInfo);
    auto *json = word->add_flag("--json", arguments->json, "JSON, schema 1");
    auto *csv = word->add_flag("--csv", arguments->csv, "Comma separated")->excludes(data);
    json->excludes(csv);
    word->callback([arguments, &chosen] { chosen = *arguments; });
}

void addExport(CLI::App &app, Command &chosen)
{
    auto arguments = std::make_shared<ExportArguments>();
    CLI::App *word = app.add_subcommand(
        "export", "A model's integers as headers for HLS and C and as memory files, with a manifest");
    word->add_option("file", arguments->file, "The model")->required();
    word->add_option("--recipe", arguments->recipe, "The recipe of a checkpoint");
    addPart(*word, arguments->part);
    addQuantInfo(*word, arguments->quantInfo);
    word->add_option(
            "--layer", arguments->request.layers, "A layer's path; may repeat (default: every quantized layer)")
        ->allow_extra_args(true);
    word->add_option("--format", arguments->request.formats,
            fmt::format("What to write: {}; may repeat", fmt::join(exportFormatNames(), ", ")))
        ->required()
        ->allow_extra_args(true);
    word->add_option("--out", arguments->request.folder, "The folder; it is made when it is missing")->required();
    word->add_option("--layout", arguments->request.layout,
            fmt::format("Order of the elements: {}", fmt::join(layoutNames(), ", ")))
        ->capture_default_str();
    Packing &packing = arguments->request.packing;
    word->add_option("--pack", packing.elements, "Elements in a word of a memory file")->capture_default_str();
    word->add_option("--word-order", packing.firstElement, "Where the first element of such a word stands: lsb or msb")
        ->capture_default_str();
    word->add_flag("--verify", arguments->request.verify,
        "Compiles headers, reads memory files back, and compares every element with the model before anything is kept");
    word->callback([arguments, &chosen] { chosen = *arguments; });
}

void addRun(CLI::App &app, Command &chosen)
{
    auto arguments = std::make_shared<RunArguments>();
    CLI::App *word = app.add_subcommand(
        "run", "Runs the network on data (through quantscope-torch): ranges, saturation, outputs, accuracy");
    word->add_option("file", arguments->file, "The model")->required();
    word->add_option("--data", arguments->data,
            "Samples, counted by the first axis: .npy, .npz (FILE.npz:KEY where it holds several arrays), IDX, also "
            "gzipped")
        ->required();
    word->add_option("--labels", arguments->labels, "Labels, one integer a sample, in the same forms: gives accuracy");
    word->add_option("--with", arguments->with,
            "LAYER[:SLOT]=CANDIDATE in the place of that quantizer (slot: weight), and what follows from it; a "
            "candidate is as in compare, or float; may repeat")
        ->allow_extra_args(false);
    word->add_flag("--float", arguments->allFloat, "Switches every quantizer off that --with does not name");
    word->add_option("--limit", arguments->limit, "Runs the first samples alone")->check(CLI::NonNegativeNumber);
    word->add_option("--save", arguments->save, "Writes the graph's outputs as an .npz");
    word->add_flag("--layers", arguments->layers, "With --save: also what leaves each layer, as layer/NAME");
    addMemory(*word, arguments->memory);
    word->add_option("--recipe", arguments->recipe, "The recipe of a checkpoint");
    addPart(*word, arguments->part);
    addQuantInfo(*word, arguments->quantInfo);
    word->add_flag("--json", arguments->json, "JSON, schema 1");
    word->callback([arguments, &chosen] { chosen = *arguments; });
}

void addCheck(CLI::App &app, Command &chosen)
{
    auto arguments = std::make_shared<CheckArguments>();
    CLI::App *word
        = app.add_subcommand("check", "What a target refuses of a model, or computes differently, and what to do");
    word->add_option("file", arguments->file, "The model")->required();
    addTarget(*word, arguments->targetText);
    word->add_option("--recipe", arguments->recipe,
        "The recipe of a checkpoint, or of any model what its [checks] mute (default: MODEL.recipe.toml beside it)");
    addPart(*word, arguments->part);
    addQuantInfo(*word, arguments->quantInfo);
    word->add_flag("--json", arguments->json, "JSON, schema 1");
    word->callback([arguments, &chosen] { chosen = *arguments; });
}

void addDiff(CLI::App &app, Command &chosen)
{
    auto arguments = std::make_shared<DiffArguments>();
    CLI::App *word = app.add_subcommand("diff", "What differs between two models, slot by slot and code by code");
    word->add_option("a", arguments->fileA, "The first model")->required();
    word->add_option("b", arguments->fileB, "The second model, such as an export of the first")->required();
    word->add_option("--rename", arguments->renames,
            "OLD=NEW: the layer OLD of the first model is compared with NEW of the second; globs with one * each; may "
            "repeat, the first that matches counts")
        ->allow_extra_args(false);
    word->add_option("--recipe", arguments->recipe, "The recipe of both, where they take one");
    word->add_option("--recipe-b", arguments->recipeB, "Another recipe of the second");
    addPart(*word, arguments->part);
    word->add_option("--part-b", arguments->partB, "Which weights of the second (default: those of --part)");
    word->add_flag("--json", arguments->json, "JSON, schema 1");
    word->callback([arguments, &chosen] { chosen = *arguments; });
}

void addReport(CLI::App &app, Command &chosen)
{
    auto arguments = std::make_shared<ReportArguments>();
    CLI::App *word = app.add_subcommand("report", "Everything about a model on one page that needs nothing beside it");
    word->add_option("file", arguments->file, "The model")->required();
    word->add_option("--html", arguments->html, "The page to write")->required();
    addTarget(*word, arguments->targetText);
    word->add_option("--recipe", arguments->recipe, "The recipe of a checkpoint");
    addPart(*word, arguments->part);
    addQuantInfo(*word, arguments->quantInfo);
    word->callback([arguments, &chosen] { chosen = *arguments; });
}

class Line {
public:
    Line()
        : app("Shows what the quantizers of a neural network really are, and exports its layers to hardware.\n"
              "quantscope FILE opens the window; the words below need no display.",
            "quantscope")
    {
        app.set_version_flag("--version", "quantscope " QUANTSCOPE_VERSION);
        app.require_subcommand(1);
        addInspect(app, chosen);
        addCodes(app, chosen);
        addRecipe(app, chosen);
        addCompare(app, chosen);
        addExport(app, chosen);
        addRun(app, chosen);
        addCheck(app, chosen);
        addDiff(app, chosen);
        addReport(app, chosen);
    }

    CLI::App app;
    Command chosen;
};

/// What a shell offers for a value whose kind CLI11 does not know: it is text to it.
void describeValue(OptionDescription &out)
{
    static const std::map<std::string, ValueKind> paths = {{"file", ValueKind::File}, {"--recipe", ValueKind::File},
        {"--quant-info", ValueKind::File}, {"--data", ValueKind::File}, {"--labels", ValueKind::File},
        {"--save", ValueKind::File}, {"--out", ValueKind::Folder}, {"a", ValueKind::File}, {"b", ValueKind::File},
        {"--recipe-b", ValueKind::File}, {"--html", ValueKind::File}};
    const auto layouts = layoutNames();
    const std::map<std::string, std::vector<std::string>> choices
        = {{"--slot", std::vector<std::string>{"weight", "bias"}}, {"--format", exportFormatNames()},
            {"--word-order", {"lsb", "msb"}}, {"--layout", std::vector<std::string>(layouts.begin(), layouts.end())}};
    const std::string &name = out.names.back();
    if (const auto path = paths.find(name); path != paths.end())
        out.value = path->second;
    if (const auto known = choices.find(name); known != choices.end())
        out.choices = known->second;
    if (!out.choices.empty())
        out.value = ValueKind::Choice;
}

/// "{dec,hex}" behind the colon of "TEXT:{dec,hex}".
std::vector<std::string> membersOf(const std::string &typeName)
{
    const auto begin = typeName.find('{'), end = typeName.rfind('}');
    return begin == typeName.npos || end == typeName.npos
        ? std::vector<std::string>{}
        : CLI::detail::split(typeName.substr(begin + 1, end - begin - 1), ',');
}

OptionDescription describe(const CLI::Option &option)
{
    OptionDescription out;
    for (const std::string &name : option.get_snames())
        out.names.push_back("-" + name);
    for (const std::string &name : option.get_lnames())
        out.names.push_back("--" + name);
    if (option.get_positional())
        out.names = {option.get_single_name()};
    out.text = option.get_description();
    out.preset = option.get_default_str();
    out.required = option.get_required();
    out.repeats = option.get_items_expected_max() > 1;
    if (option.get_items_expected_max() == 0)
        return out;
    out.value = ValueKind::Text;
    const std::string type = option.get_type_name();
    out.valueName = type.substr(0, type.find(':'));
    out.choices = membersOf(type);
    describeValue(out);
    return out;
}

void describeOptions(
    const CLI::App &app, std::vector<OptionDescription> &places, std::vector<OptionDescription> &options)
{
    for (const CLI::Option *option : app.get_options())
        (option->get_positional() ? places : options).push_back(describe(*option));
}

} // namespace

Result<std::variant<Command, std::string>> parseCommandLine(int argc, char **argv)
{
    Line line;
    try {
        line.app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        if (error.get_exit_code() != 0)
            return tl::unexpected(
                Error{ErrorKind::Usage, "", {}, fmt::format("{}; try quantscope --help", error.what())});
        std::ostringstream help; // --help, --version
        line.app.exit(error, help);
        return help.str();
    }
    return std::move(line.chosen);
}

std::vector<std::string> commandNames()
{
    const Line line;
    std::vector<std::string> names;
    for (const CLI::App *word : line.app.get_subcommands({}))
        names.push_back(word->get_name());
    return names;
}

ProgramDescription describeCommandLine()
{
    const Line line;
    ProgramDescription out;
    out.name = line.app.get_name();
    out.version = QUANTSCOPE_VERSION;
    out.details = CLI::detail::split(line.app.get_description(), '\n');
    out.summary = "inspector for quantized neural networks on hardware";
    out.usage = {"quantscope FILE"};
    out.statuses = {"Done.", "The answer is no: a proof failed, a check found an error, two models differ.",
        "Wrong usage.", "A file cannot be read or written, or a network cannot be run."};
    describeOptions(line.app, out.places, out.options);
    out.places.push_back({{"file"}, ValueKind::File, "FILE", {}, "", "The model that the window opens", false, false});
    for (const CLI::App *word : line.app.get_subcommands({})) {
        WordDescription &described = out.words.emplace_back();
        described.name = word->get_name();
        described.text = word->get_description();
        describeOptions(*word, described.places, described.options);
    }
    return out;
}

} // namespace quantscope::cli
