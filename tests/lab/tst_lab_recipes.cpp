// The model has members named `slots`.
#include "analysis/analyse.h"
#include "dialects/brevitas/recipe_words.h"
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "lab/allocation_python.h"
#include "lab/allocation_recipe.h"
#include "lab/lab_candidates.h"
#include "support/paths.h"
#include "support/state_file.h"

#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QtTest>

using namespace quantscope;
using test::candidates, test::compared, test::goldenRecipe, test::oneLayer;

namespace {

const std::vector<std::string> kEveryKind = {"ap_fixed<6,0>", "ap_fixed< 6, -1 >", "ap_ufixed<5,0>",
    "ap_fixed<6,0>,bit_width=4", "torch_per_tensor_affine", "torch_per_channel_affine",
    "torch_per_channel_affine,axis=1,bit_width=4", "binary", "ternary", "Int8WeightPerTensorFloat",
    "Int8WeightPerTensorFixedPoint,bit_width=5", "Int8WeightPerChannelFloat", "Int8WeightPerChannelFixedPoint",
    "ShiftedUint8WeightPerTensorFloat", "ShiftedUint8WeightPerChannelFloat,bit_width=4",
    "SignedBinaryWeightPerTensorConst", "SignedTernaryWeightPerTensorConst",
    "Int8WeightPerTensorFloat,restrict_scaling_type=power_of_two,restrict_value_float_to_int_impl=FloorSte",
    "Int8WeightPerTensorFloat,scaling_stats_op=max_ave",
    "Int8WeightPerTensorFloat,scaling_impl_type=const,scaling_const=0.25",
    "Int8WeightPerTensorFloat,scaling_impl_type=stats", "Int8WeightPerTensorFloat,signed=False,narrow_range=false",
    "Int8WeightPerTensorFloat,float_to_int_impl_type=floor", "Int8WeightPerTensorFloat,quant_type=binary",
    "Int8WeightPerTensorFloat,quant_type=ternary,threshold=0.3", "Int8WeightPerTensorFloat,scaling_min_val=.5",
    "Int8WeightPerTensorFloat,scaling_min_val=1e-3", "Int8WeightPerTensorFloat,bit_width=4.0",
    "Fp8e4m3WeightPerTensorFloat", "Fp8e4m3Weight"};

} // namespace

/// What the lab hands on: recipes, Python, and the widths that keep a goal.
class TestLabRecipes : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void recipesGiveTheirCandidatesCodes_data()
    {
        QTest::addColumn<QString>("stem");
        QTest::addColumn<QString>("layer");
        QTest::newRow("an owner of a shared quantizer") << "shared_weights"
                                                        << "a";
        QTest::newRow("its sharer") << "shared_weights"
                                    << "b";
        QTest::newRow("a transposed convolution") << "layer_kinds_2d"
                                                  << "transposed";
        QTest::newRow("stored neighbours") << "w_mse"
                                           << "c1";
    }

    /// The heart of the lab: what it emits, recovered, has the codes that it showed. The layers are found by their
    /// part.
    void recipesGiveTheirCandidatesCodes()
    {
        QFETCH(QString, stem);
        QFETCH(QString, layer);
        const std::string toml = goldenRecipe(stem.toStdString());
        QTemporaryDir folder;
        const std::string path = folder.filePath("base.toml").toStdString();
        QFile written(QString::fromStdString(path));
        QVERIFY(written.open(QIODevice::WriteOnly));
        written.write(toml.c_str());
        written.close();
        const auto file = *openModel(test::data("brevitas/0.10.2/" + stem.toStdString() + ".pt"));
        const auto network = recoverQuantizers(file, *loadRecipe(path));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        std::string name = layer.toStdString();
        if (stem == "layer_kinds_2d")
            for (const Layer &one : network->layers)
                if (one.kind.find("Transpose") != std::string::npos && one.slot("weight"))
                    name = one.name;
        if (stem == "shared_weights")
            for (const Layer &one : network->layers)
                if (const SlotQuantizer *slot = one.slot("weight"); slot && !slot->sharedWith.empty())
                    name = layer == "b" ? one.name : slot->sharedWith.substr(0, slot->sharedWith.find(':'));
        int agreed = 0;
        for (const std::string &text : kEveryKind) {
            const auto comparison
                = compared(*network, name, {text}, {.slot = Slot::Weight, .hash = true, .skipUnavailable = true});
            QVERIFY2(comparison, comparison ? "" : comparison.error().text().c_str());
            const auto points = sweepPoints({*comparison});
            if (points.empty())
                continue; // no scale on an axis of a vector
            const auto recipe = allocationRecipe(*network, points, paretoFront(points).front());
            QVERIFY2(recipe, recipe ? "" : recipe.error().text().c_str());
            const auto parsed = parseRecipe(*recipe, "r.toml");
            QVERIFY2(parsed, parsed ? "" : (parsed.error().text() + *recipe).c_str());
            const auto again = recoverQuantizers(file, *parsed);
            QVERIFY2(again, again ? "" : again.error().text().c_str());
            const SlotQuantizer &slot = *again->layer(name)->slot("weight");
            const CandidateResult &mine = comparison->candidates[1];
            QVERIFY2(slot.quantizer && slot.quantizer->scale == mine.slot.quantizer->scale, text.c_str());
            QVERIFY2(analyse(slot, {.hash = true})->codesSha256 == mine.figures->codesSha256, text.c_str());
            ++agreed;
        }
        QVERIFY2(agreed > 25, std::to_string(agreed).c_str());
    }

    void recipesWithoutAFile_data()
    {
        QTest::addColumn<QByteArray>("layer");
        QTest::addColumn<QString>("problem"); ///< empty: the recipe gives the codes
        QTest::newRow("plain") << QByteArray("fc") << "";
        QTest::newRow("quotes") << QByteArray("a\"b") << "";
        QTest::newRow("backslash") << QByteArray("a\\b") << "";
        QTest::newRow("line end") << QByteArray("a\nb") << "";
        QTest::newRow("a pattern that names no other") << QByteArray("x*") << "";
        QTest::newRow("not UTF-8") << QByteArray("a\xFF") << "is not UTF-8";
        QTest::newRow("a pattern that names another") << QByteArray("f*") << "";
    }

    void recipesWithoutAFile()
    {
        QFETCH(QByteArray, layer);
        QFETCH(QString, problem);
        const std::string name = layer.toStdString();
        std::vector<test::StateTensor> tensors = {test::weight(name, {4, 5})};
        if (name != "fc")
            tensors.push_back(test::weight("fc", {4, 5}));
        const Network network = *test::recovered(tensors, "");
        const auto points = sweepPoints({*compared(network, name, {"Int8WeightPerTensorFloat,bit_width=3"})});
        const auto recipe = allocationRecipe(network, points, paretoFront(points).front());
        QCOMPARE(recipe.has_value(), problem.isEmpty());
        if (!recipe) {
            QVERIFY2(QString::fromStdString(recipe.error().message).contains(problem), recipe.error().message.c_str());
            return;
        }
        QVERIFY(recipe->starts_with("brevitas = \"0.10.2\"\n"));
        Network bare = network; // as it is opened where there is no recipe at all
        bare.recipe = {};
        QCOMPARE(allocationRecipe(bare, points, paretoFront(points).front()).value_or("none"), *recipe);
        const auto again = test::recovered(tensors, *recipe);
        QVERIFY2(again, again ? "" : (again.error().text() + *recipe).c_str());
        QCOMPARE(again->layer(name)->slot("weight")->quantizer->bitWidth, std::optional<int>(3));
        if (name != "fc")
            QCOMPARE(again->layer("fc")->slot("weight")->quantizer->bitWidth, std::optional<int>(8));
    }

    /// Owner and sharer cannot both be chosen for: the owner's statistics would lose the sharer's weights.
    void sharersAreChosenForOnce()
    {
        const Network network = *test::recovered({test::weight("a", {4, 5}), test::weight("b", {4, 5})},
            test::preset("a", "weight", "Int8WeightPerTensorFloat")
                + test::entry("b", "weight", "shared_with = \"a\""));
        const auto both = compareCandidates(network, {"a", "b"}, candidates({"Int8WeightPerTensorFloat,bit_width=4"}));
        const auto points = sweepPoints(*both);
        const auto recipe = allocationRecipe(network, points, paretoFront(points).front());
        QVERIFY(!recipe);
        QVERIFY2(
            recipe.error().message.find("choose for one of them") != std::string::npos, recipe.error().message.c_str());
    }

    void goals_data()
    {
        QTest::addColumn<QList<float>>("values");
        QTest::addColumn<QString>("text");
        QTest::addColumn<double>("goal");
        QTest::addColumn<int>("unmet");
        QTest::addColumn<int>("missing");
        QTest::newRow("reached") << QList<float>{1, 2, 3} << "Int8WeightPerTensorFloat" << 20.0 << 0 << 0;
        QTest::newRow("beyond the widest")
            << QList<float>{0.7f, 0.3f, 0.11f} << "Int8WeightPerTensorFloat" << 300.0 << 1 << 0;
        QTest::newRow("no error counts as any SQNR")
            << QList<float>{0, 0} << "Int8WeightPerTensorFloat" << 300.0 << 0 << 0;
        // Zeros become ±0.1: no signal, and an error.
        QTest::newRow("no signal is no success")
            << QList<float>{0, 0} << "SignedBinaryWeightPerTensorConst" << 1.0 << 1 << 0;
        QTest::newRow("not a number") << QList<float>{1, NAN} << "Int8WeightPerTensorFloat" << 20.0 << 0 << 1;
    }

    void goals()
    {
        QFETCH(QList<float>, values);
        QFETCH(QString, text);
        QFETCH(double, goal);
        const auto all = compareCandidates(oneLayer({values.begin(), values.end()}), {"fc"},
            atWidths(candidates({text.toStdString()}), 2, 16),
            {.slot = Slot::Weight, .hash = false, .skipUnavailable = true});
        QVERIFY2(all, all ? "" : all.error().text().c_str());
        const auto points = sweepPoints(*all);
        QTEST(static_cast<int>(layersWithoutPoints(*all, points).size()), "missing");
        QTEST(static_cast<int>(cheapestKeeping(points, goal).unmet.size()), "unmet");
        QCOMPARE(paretoFront(points).empty(), points.empty());
    }

    /// A checkpoint alone in its folder gets a recipe like any other.
    void withoutARecipe()
    {
        const auto network = recoverQuantizers(*openModel(test::sample("digits_fixed.pt")));
        QVERIFY(network);
        Allocation allocation;
        allocation.points = {0, 1};
        const auto text = allocationRecipe(*network,
            {chosen("conv1", "Int8WeightPerTensorFloat,bit_width=4"), chosen("fc1", "ap_fixed<5,0>")}, allocation);
        QVERIFY2(text, text ? "" : text.error().text().c_str());
        QCOMPARE(QString::fromStdString(*text),
            QString("brevitas = \"0.10.2\"\n\n[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\n"
                    "preset = \"Int8WeightPerTensorFloat\"\nbit_width = 4\n\n[[quantizer]]\nmatch = \"fc1\"\n"
                    "slot = \"weight\"\npreset = \"ap_fixed<5,0>\"\n"));
    }

    void python_data()
    {
        QTest::addColumn<QString>("layer");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("wanted");
        const auto row = [](const char *name, const char *layer, const char *text, const char *imports,
                             const char *literal, const char *keywords) {
            QTest::newRow(name) << layer << text
                                << QString("%1\n# QuantConv2d(..., **quantizers[%2])\nquantizers = {\n"
                                           "    %2: dict(weight_quant=%3),\n}\n")
                                       .arg(imports, literal, keywords);
        };
        const char *const plain = "from brevitas.quant import Int8WeightPerTensorFloat\n";
        row("plain", "fc", "Int8WeightPerTensorFloat,bit_width=4", plain, "'fc'",
            "Int8WeightPerTensorFloat, weight_bit_width=4");
        row("enumerations and classes", "block.0.fc",
            "Int8WeightPerTensorFloat,restrict_scaling_type=power_of_two,restrict_value_float_to_int_impl=floorste",
            "from brevitas.core.function_wrapper import FloorSte\n"
            "from brevitas.inject.enum import RestrictValueType\n"
            "from brevitas.quant import Int8WeightPerTensorFloat\n",
            "'block.0.fc'",
            "Int8WeightPerTensorFloat, weight_restrict_scaling_type=RestrictValueType.POWER_OF_TWO, "
            "weight_restrict_value_float_to_int_impl=FloorSte");
        row("numbers and truth values", "fc",
            "Int8WeightPerTensorFloat,scaling_min_val=1e-3,signed=False,narrow_range=false", plain, "'fc'",
            "Int8WeightPerTensorFloat, weight_scaling_min_val=0.001, weight_signed=False, weight_narrow_range=False");
        row("not exported from brevitas.quant", "fc", "Int8WeightPerChannelFixedPoint",
            "from brevitas.quant.fixed_point import Int8WeightPerChannelFixedPoint\n", "'fc'",
            "Int8WeightPerChannelFixedPoint");
        row("a name with quotes", "a'b\\c\n", "Int8WeightPerTensorFloat", plain, R"('a\'b\\c\x0a')",
            "Int8WeightPerTensorFloat");
        row("a name beyond ASCII", "caf\xc3\xa9\xe2\x80\xae", "Int8WeightPerTensorFloat", plain,
            "'caf\xc3\xa9\\U0000202e'", "Int8WeightPerTensorFloat");
        QTest::newRow("a name that would be code") << "fc\nimport os"
                                                   << "ternary"
                                                   << "# fc\\x0aimport os: ternary is no preset of Brevitas\n";
    }

    static SweepPoint chosen(const std::string &layer, const std::string &text)
    {
        SweepPoint point;
        point.layer = layer;
        point.slot = Slot::Weight;
        point.candidate = text;
        point.settings = parseCandidate(text)->settings;
        return point;
    }

    void python()
    {
        QFETCH(QString, layer);
        QFETCH(QString, text);
        Allocation allocation;
        allocation.points = {0};
        QTEST(QString::fromStdString(allocationPython({chosen(layer.toStdString(), text.toStdString())}, allocation)),
            "wanted");
    }

    /// A caveat of many layers is one line; no layer of few goes unnamed.
    void caveats()
    {
        std::vector<SweepPoint> points;
        for (const char *layer : {"a", "b", "c", "d", "e", "f"}) {
            points.push_back(chosen(layer, "ternary"));
            points.back().caveat = "mind the axis";
        }
        points[1].caveat = "another";
        points[2].caveat.clear();
        QCOMPARE(QString::fromStdString(caveatComments(points, {0, 1, 2, 3, 4, 5})),
            QString("# a, d, e, f: mind the axis\n# b: another\n"));
        points[1].caveat = points[2].caveat = points[0].caveat;
        QCOMPARE(QString::fromStdString(caveatComments(points, {0, 1, 2, 3, 4, 5})),
            QString("# a, b, c and 3 more layers: mind the axis\n"));
        QCOMPARE(QString::fromStdString(caveatComments(points, {5})), QString("# f: mind the axis\n"));
        QCOMPARE(QString::fromStdString(caveatComments({chosen("a", "ternary")}, {0})), QString());
    }

    /// Python itself takes what is copied, and reads each layer's name and width out of it.
    void pythonTakesIt()
    {
        const QString python = QStandardPaths::findExecutable("python3");
        if (python.isEmpty())
            QSKIP("there is no python3");
        const std::vector<SweepPoint> points{chosen("a'b\\c\n", "Int8WeightPerTensorFloat,bit_width=4"),
            chosen("fc\nimport os", "ternary"),
            chosen("caf\xc3\xa9\xe2\x80\xae", "Int8WeightPerTensorFloat,bit_width=3"),
            chosen(
                "odd\xff", "Int8WeightPerChannelFixedPoint,scaling_min_val=1e-3,restrict_scaling_type=power_of_two")};
        Allocation allocation;
        allocation.points = {0, 1, 2, 3};
        // Stands in for Brevitas: every class is its own name.
        const char *const stub = "import sys, types\n"
                                 "class Any(types.ModuleType):\n"
                                 "    __path__ = []\n"
                                 "    def __getattr__(self, name):\n"
                                 "        if name.startswith('__'): raise AttributeError(name)\n"
                                 "        return types.SimpleNamespace(POWER_OF_TWO='POT', name=name)\n"
                                 "for m in ('', '.quant', '.quant.fixed_point', '.inject', '.inject.enum'):\n"
                                 "    sys.modules['brevitas' + m] = Any('brevitas' + m)\n";
        QProcess run;
        run.start(python,
            {"-c",
                QString(stub) + QString::fromStdString(allocationPython(points, allocation))
                    + "for name, given in quantizers.items():\n"
                      "    print(ascii(name), given['weight_quant'].name, *sorted((k, v) for k, v in given.items()\n"
                      "        if k != 'weight_quant'))\n"});
        QVERIFY(run.waitForFinished(30000));
        QCOMPARE(QString(run.readAllStandardError()), QString());
        QCOMPARE(QString(run.readAllStandardOutput()),
            QString("\"a'b\\\\c\\n\" Int8WeightPerTensorFloat ('weight_bit_width', 4)\n"
                    "'caf\\xe9\\u202e' Int8WeightPerTensorFloat ('weight_bit_width', 3)\n"
                    "'odd\\udcff' Int8WeightPerChannelFixedPoint ('weight_restrict_scaling_type', 'POT') "
                    "('weight_scaling_min_val', 0.001)\n"));
    }
};

QTEST_GUILESS_MAIN(TestLabRecipes)
#include "tst_lab_recipes.moc"
