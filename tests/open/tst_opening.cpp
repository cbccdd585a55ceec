// The model has members named `slots`.
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/recipe_words.h"
#include "open/export_recipe.h"
#include "open/open_network.h"
#include "support/paths.h"
#include "support/state_file.h"

#include <filesystem>

#include <QTemporaryDir>
#include <QtTest>

using namespace quantscope;

namespace {

/// The sample as MODEL, its recipe and exports beside it where they are asked for.
void copySample(const QTemporaryDir &folder, const char *from, const char *to)
{
    QVERIFY(QFile::copy(QString::fromStdString(test::sample(from)), folder.filePath(to)));
}

bool says(const Network &network, const char *rule)
{
    return std::ranges::any_of(network.diagnostics, [&](const Diagnostic &d) { return d.rule == rule; });
}

} // namespace

class TestOpening : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void recipes_data()
    {
        QTest::addColumn<QString>("model");
        QTest::addColumn<bool>("named");
        QTest::addColumn<bool>("beside");
        QTest::addColumn<QString>("taken");
        QTest::addColumn<bool>("unused");
        QTest::newRow("checkpoint") << "digits_fixed.pt" << false << true << "m.recipe.toml" << false;
        QTest::newRow("checkpoint, none wanted") << "digits_fixed.pt" << false << false << "" << false;
        QTest::newRow("checkpoint, another named") << "digits_fixed.pt" << true << true << "other.toml" << false;
        QTest::newRow("ONNX") << "digits_fixed_qonnx.onnx" << false << true << "" << false;
        QTest::newRow("ONNX, one named") << "digits_fixed_qonnx.onnx" << true << true << "other.toml" << true;
    }

    /// A recipe beside an ONNX file belongs to the checkpoint of the same name.
    void recipes()
    {
        QFETCH(QString, model);
        QFETCH(bool, named);
        QFETCH(bool, beside);
        QFETCH(QString, taken);
        QFETCH(bool, unused);
        QTemporaryDir folder;
        const std::string path = folder.filePath("m" + model.mid(model.lastIndexOf('.'))).toStdString();
        std::filesystem::copy_file(test::sample(model.toStdString()), path);
        copySample(folder, "digits_float.recipe.toml", "m.recipe.toml");
        copySample(folder, "digits_fixed.recipe.toml", "other.toml");
        RecipeSource source{.path = {}, .beside = beside};
        if (named)
            source.path = folder.filePath("other.toml").toStdString();
        const auto opened = OpenedModel::open(path, source);
        QVERIFY(opened);
        QCOMPARE(QFileInfo(QString::fromStdString(opened->recipe().path)).fileName(), taken);
        const auto network = opened->network();
        QVERIFY(network);
        for (const Network &one : {opened->listed(), *network}) {
            QCOMPARE(one.recipe.path, opened->recipe().path);
            QCOMPARE(says(one, "recipe-unused"), unused);
        }
    }

    /// What lies beside a model is read once: an edit is confirmed by exports that are gone meanwhile.
    void exportsAreReadOnce()
    {
        QTemporaryDir folder;
        copySample(folder, "digits_fixed.pt", "m.pt");
        copySample(folder, "digits_fixed_qonnx.onnx", "m_qonnx.onnx");
        QFile broken(folder.filePath("m_qcdq.onnx"));
        QVERIFY(broken.open(QIODevice::WriteOnly));
        broken.write("no graph");
        broken.close();
        const auto model
            = OpenedModel::open(folder.filePath("m.pt").toStdString(), {}).and_then([](const OpenedModel &opened) {
                  return opened.withExports();
              });
        QVERIFY(model);
        QCOMPARE(model->exports().size(), std::size_t{1});
        QVERIFY(QFile::remove(folder.filePath("m_qonnx.onnx")) && QFile::remove(folder.filePath("m_qcdq.onnx")));

        const auto wrong = model->network(Recipe(), {}, nullptr);
        QVERIFY(wrong && wrong->confirmedBy.empty() && says(*wrong, "export-unused"));
        const auto right = model->network(*loadRecipe(test::sample("digits_fixed.recipe.toml")), {}, &*wrong);
        QVERIFY(right);
        QCOMPARE(right->confirmedBy, std::string("m_qonnx.onnx"));
        QCOMPARE(right->toldBy, std::string("m_qonnx.onnx"));
        QVERIFY(says(*right, "export-unused")); // still true
    }

    /// An edit gives what opening under its recipe gives.
    void anEditIsAnOpening()
    {
        const auto model
            = OpenedModel::open(test::sample("digits_fixed.pt"), {}).and_then([](const OpenedModel &opened) {
                  return opened.withExports();
              });
        QVERIFY(model);
        const auto before = model->network();
        const Recipe recipe = withChoice(model->recipe(), {"conv2", Slot::Weight, {}, {{"bit_width", "5"}}});
        const auto edited = model->network(recipe, {}, &*before);
        const auto opened = model->network(recipe, {}, nullptr);
        QVERIFY(edited && opened);
        QCOMPARE(edited->layers.size(), opened->layers.size());
        for (std::size_t i = 0; i < edited->layers.size(); ++i)
            for (std::size_t s = 0; s < edited->layers[i].slots.size(); ++s)
                QVERIFY(edited->layers[i].slots[s].quantizer == opened->layers[i].slots[s].quantizer);
        QCOMPARE(edited->confirmedBy, opened->confirmedBy);
        QVERIFY(edited->file == before->file);
    }

    /// Hand-worked: of 4 bits, abs-max of each channel over 7, first and third have the scales of the export. second's
    /// own are 1/2 and 1, and the export gives it those of first: only sharing could. Shared, the maxima are of both,
    /// and neither is what the export says: their entries agree in nothing, and no recipe is to have them.
    void whatAgreesInNothingIsNotTaken()
    {
        const auto file
            = test::stateFile({{"first.weight", {2, 4}, {0.7f, -0.5f, 0.25f, 0.125f, 1.4f, -1.1f, 0.3f, 0.2f}},
                {"second.weight", {2, 4}, {3.5f, -3.3f, 3.2f, 3.1f, 7.0f, -6.5f, 6.2f, 6.1f}},
                {"third.weight", {2, 4}, {1.75f, -1.0f, 0.5f, 0.25f, -0.875f, 0.5f, 0.25f, 0.125f}}});
        const auto recipe = parseRecipe("[[quantizer]]\nmatch = \"*\"\nslot = \"weight\"\n"
                                        "preset = \"Int8WeightPerChannelFloat\"\nbit_width = 4\n",
            "r.toml");
        QVERIFY(recipe);
        auto exported = recoverQuantizers(file, *recipe);
        QVERIFY(exported);
        const auto weight = [&](const char *layer) { return exported->layer(layer)->slot(Slot::Weight); };
        for (const char *layer : {"first", "second", "third"})
            weight(layer)->quantizer->origin.clear();
        QCOMPARE(weight("first")->quantizer->scale->values, (std::vector<float>{0.7f / 7, 1.4f / 7}));
        QCOMPARE(weight("second")->quantizer->scale->values, (std::vector<float>{0.5f, 1.0f}));
        weight("second")->quantizer = weight("first")->quantizer;
        MatchedExport beside;
        beside.network = *exported;
        beside.sameNetwork = true;
        const auto taken = recipeFromExports(file, {&beside, 1});
        QVERIFY(taken && *taken);
        QStringList entries;
        for (const RecipeQuantizer &entry : (*taken)->recipe.quantizers)
            entries << QString::fromStdString(entry.match);
        QCOMPARE(entries, QStringList("third"));
        QCOMPARE((*taken)->settled, std::size_t{1});
        QCOMPARE((*taken)->partly, std::size_t{0});
    }

    void cancelled_data()
    {
        QTest::addColumn<int>("after");
        for (const int after : {0, 1, 2, 5, 20})
            QTest::addRow("after %d", after) << after;
    }

    /// Wherever it is cancelled, that is what is said, and never that an export cannot be used.
    void cancelled()
    {
        QFETCH(int, after);
        int calls = 0;
        const auto network = openNetwork(test::sample("digits_fixed.pt"), {}, false,
            Progress([&](std::uint64_t, std::uint64_t) { return ++calls <= after; }));
        QVERIFY(calls > after);
        QVERIFY(!network);
        QVERIFY(network.error().kind == ErrorKind::Cancelled);
    }
};

QTEST_GUILESS_MAIN(TestOpening)
#include "tst_opening.moc"
