// The model has members named `slots`.
#include "analysis/find.h"
#include "dialects/brevitas/recipe_writer.h"
#include "export/export.h"
#include "lab/compare.h"
#include "open/open_network.h"
#include "support/paths.h"
#include "support/state_file.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace quantscope;
using test::StateTensor;

namespace {

std::vector<float> mask(std::size_t count)
{
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i)
        values[i] = i % 3 == 0 ? 0.0f : 1.0f;
    return values;
}

std::vector<StateTensor> batchNorm(const std::string &name)
{
    return {{name + ".weight", {4}, {0.5f, 1.5f, 1.0f, 2.0f}}, {name + ".bias", {4}, {0.1f, 0.2f, 0.3f, 0.4f}},
        {name + ".running_mean", {4}, {0.0f, 0.25f, -0.5f, 1.0f}},
        {name + ".running_var", {4}, {1.0f, 0.5f, 2.0f, 0.1f}}};
}

/// A layer whose weight is computed in one of three ways, with a batch norm behind it.
std::vector<StateTensor> computedState(const std::string &rule)
{
    std::vector<StateTensor> out;
    const Shape shape{4, 3, 3, 3};
    const std::vector<float> values = test::ramp(108);
    if (rule == "pruned")
        out = {{"conv.weight_orig", shape, values}, {"conv.weight_mask", shape, mask(108)}};
    else if (rule == "weight norm")
        out = {{"conv.weight_g", {4, 1, 1, 1}, {0.5f, 1.0f, 0.25f, 2.0f}}, {"conv.weight_v", shape, values}};
    else
        out = {{"conv.parametrizations.weight.original0", {4, 1, 1, 1}, {0.5f, 1.0f, 0.25f, 2.0f}},
            {"conv.parametrizations.weight.original1", shape, values}};
    std::ranges::move(batchNorm("bn"), std::back_inserter(out));
    return out;
}

/// The same network with the weight itself in the file.
std::vector<StateTensor> storedState(const Network &computed)
{
    const SlotQuantizer &weight = *computed.layer("conv")->slot(Slot::Weight);
    std::vector<StateTensor> out{{"conv.weight", weight.shape, readFloats(*weight.tensor)}};
    std::ranges::move(batchNorm("bn"), std::back_inserter(out));
    return out;
}

/// Exports name their source by its hash, so that it has to be there.
Result<Network> fileRecovered(const std::vector<StateTensor> &tensors, const std::string &recipe)
{
    auto file = std::make_shared<ModelFile>(*test::stateFile(tensors));
    file->path = test::data("field/pruned.pt");
    return parseRecipe(recipe, "r.toml").and_then([&](const Recipe &parsed) {
        return recoverQuantizers(file, parsed);
    });
}

QByteArray bytesBehind(const QString &path, const QByteArray &word)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return {};
    const QByteArray all = file.readAll();
    return all.mid(all.indexOf(word));
}

} // namespace

/// A computed weight behaves as one that the file holds, wherever weights go.
class TestFieldTorchCrossings : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void printedRecipes_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("layer");
        QTest::newRow("torch.ao") << "ao_static.pth"
                                  << "fc";
        QTest::newRow("integers") << "int_weights.pt"
                                  << "conv";
    }

    /// What the file holds itself is in force, whatever a recipe says of it, and no printed recipe says otherwise.
    void printedRecipes()
    {
        QFETCH(QString, file);
        QFETCH(QString, layer);
        const std::string path = test::data("field/" + file.toStdString());
        const std::string head = "# Quantizers of " + file.toStdString() + "\n";
        QCOMPARE(recipeToml(*openNetwork(path)),
            head + "# What quantizers it has were read from the file itself; it needs no recipe.\n");
        QTemporaryDir folder;
        QFile recipe(folder.filePath("r.toml"));
        QVERIFY(recipe.open(QIODevice::WriteOnly));
        recipe.write(test::preset(layer.toStdString(), "weight", "Int8WeightPerTensorFloat").c_str());
        recipe.close();
        const auto network = openNetwork(path, recipe.fileName().toStdString());
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QCOMPARE(recipeToml(*network),
            head + "# brevitas = \"0.10.2\" is assumed\n\n# " + layer.toStdString()
                + " weight: as the file itself says; nothing that a recipe says of it is in force\n");
    }

    void asStored_data()
    {
        QTest::addColumn<std::string>("rule");
        QTest::addColumn<std::string>("recipe");
        const std::string quantizer
            = test::entry("conv", "weight", "preset = \"Int8WeightPerChannelFloat\"\nbit_width = 5");
        for (const std::string rule : {"pruned", "weight norm", "parametrization"}) {
            QTest::newRow((rule + ", assumed").c_str()) << rule << std::string();
            QTest::newRow((rule + ", recipe").c_str()) << rule << quantizer;
            QTest::newRow((rule + ", batch norm").c_str())
                << rule << quantizer + "[[layer]]\nmatch = \"conv\"\nbatch_norm = \"bn\"\n";
        }
    }

    void asStored()
    {
        QFETCH(std::string, rule);
        QFETCH(std::string, recipe);
        const auto listed = fileRecovered(computedState(rule), "");
        QVERIFY(listed);
        const auto computed = fileRecovered(computedState(rule), recipe);
        const auto stored = fileRecovered(storedState(*listed), recipe);
        QVERIFY2(computed && stored, computed ? "" : computed.error().text().c_str());
        const SlotQuantizer &one = *computed->layer("conv")->slot(Slot::Weight);
        const SlotQuantizer &other = *stored->layer("conv")->slot(Slot::Weight);
        QVERIFY(one.quantizer && other.quantizer);
        QVERIFY(one.quantizer->scale == other.quantizer->scale);
        QCOMPARE(one.tensorName, other.tensorName);
        QVERIFY(!one.computed.empty());
        QVERIFY(other.computed.empty());
        QCOMPARE(tensorSha256(*one.tensor), tensorSha256(*other.tensor));
        compareAlike(*computed, *stored);
        findAlike(one, other);
        exportAlike(*computed, *stored);
    }

    /// An edit takes the computed tensor over, and with it what was found out about it.
    void editsKeepTheTensor()
    {
        const OpenedModel model(test::stateFile(computedState("weight norm")));
        const auto before = model.network();
        QVERIFY(before);
        const auto recipe = parseRecipe(test::preset("conv", "weight", "Int8WeightPerTensorFixedPoint"), "r.toml");
        QVERIFY(recipe);
        const auto after = model.network(*recipe, {}, &*before);
        QVERIFY(after);
        QCOMPARE(after->layer("conv")->slot(Slot::Weight)->tensor, before->layer("conv")->slot(Slot::Weight)->tensor);
    }

    /// What is quantized already is compared against its own values.
    void torchAoCompared()
    {
        const auto network = openNetwork(test::data("field/ao_static.pth"));
        QVERIFY(network);
        QCOMPARE(comparableLayers(*network, Slot::Weight), (std::vector<std::string>{"conv", "fc"}));
        const auto candidate = parseCandidate("ap_fixed<6,-1>");
        QVERIFY(candidate);
        const auto compared = compareCandidates(*network, {"fc"}, {*candidate}, {});
        QVERIFY2(compared, compared ? "" : compared.error().text().c_str());
        QVERIFY(compared->front().againstQuantized);
        QCOMPARE(compared->front().candidates.size(), std::size_t(2));
    }

private:
    void compareAlike(const Network &one, const Network &other)
    {
        std::vector<CandidateText> candidates;
        for (const char *text : {"Int8WeightPerTensorFloat,bit_width=4", "ap_fixed<6,0>", "binary"})
            candidates.push_back(*parseCandidate(text));
        const CompareOptions options{.slot = Slot::Weight, .hash = true, .skipUnavailable = false};
        const auto a = compareCandidates(one, {"conv"}, candidates, options);
        const auto b = compareCandidates(other, {"conv"}, candidates, options);
        QVERIFY(a && b);
        for (std::size_t i = 0; i < a->front().candidates.size(); ++i) {
            const auto &mine = a->front().candidates[i].figures, &theirs = b->front().candidates[i].figures;
            QVERIFY(mine && theirs);
            QCOMPARE(mine->codesSha256, theirs->codesSha256);
            QCOMPARE(mine->error.errorPower, theirs->error.errorPower);
        }
    }

    void findAlike(const SlotQuantizer &one, const SlotQuantizer &other)
    {
        const auto query = parseFindQuery("at limit", one);
        QVERIFY(query);
        const auto a = findElements(one, *query), b = findElements(other, *query);
        QVERIFY(a && b);
        QVERIFY(a->count > 0);
        QCOMPARE(a->positions, b->positions);
    }

    void exportAlike(const Network &one, const Network &other)
    {
        QTemporaryDir first, second;
        QByteArray raw[2];
        for (const auto &[network, folder, i] : {std::tuple(&one, &first, 0), std::tuple(&other, &second, 1)}) {
            ExportRequest request;
            request.layers = {"conv"};
            request.formats = {"header"};
            request.folder = folder->path().toStdString();
            const auto done = exportLayers(*network, request);
            QVERIFY2(done, done ? "" : done.error().text().c_str());
            raw[i] = bytesBehind(folder->filePath("conv.h"), "conv_weight_raw[");
        }
        QVERIFY(!raw[0].isEmpty());
        QCOMPARE(raw[0], raw[1]);
        QVERIFY(bytesBehind(first.filePath("manifest.json"), "\"computed\": \"conv.").size() > 0);
    }
};

QTEST_GUILESS_MAIN(TestFieldTorchCrossings)
#include "tst_field_torch_crossings.moc"
