#include "export/export.h"
#include "lab/compare.h"
#include "open/open_network.h"
#include "report/inspect.h"
#include "report/inspect_json.h"
#include "support/golden.h"
#include "support/inspected.h"
#include "support/paths.h"
#include "support/state_file.h"

#include <QStandardPaths>
#include <QTemporaryDir>
#include <QtTest>

using namespace quantscope;
using nlohmann::json;
using quantscope::test::slotOf;

namespace {

std::string field(const std::string &name) { return test::data("field/" + name); }
json expected(const std::string &name) { return test::golden(field(name + ".expect.json")); }

std::vector<std::string> textsOf(const Network &network, std::string_view rule)
{
    std::vector<std::string> out;
    for (const Diagnostic &d : network.diagnostics)
        if (d.rule == rule)
            out.push_back(d.text);
    return out;
}

/// The quantizer of a slot as `inspect --json --hash` has it.
json inspected(const Network &network, const std::string &layer, const std::string &slot = "weight")
{
    const InspectOptions options{.hash = true};
    const auto inspection = inspect(std::make_shared<const Network>(network), options);
    if (!inspection)
        return {};
    return slotOf(json::parse(inspectJson(*inspection, options).dump()), layer, slot);
}

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

/// Integers that are their own codes, several sets of weights in one file, contents under another name.
class TestFieldInts : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void parts_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("part");
        QTest::addColumn<QString>("shown");
        QTest::addColumn<QStringList>("layers");
        QTest::addColumn<QStringList>("notes");
        const QStringList layers{"conv", "fc"};
        const auto other = [](const QString &name, const char *values) {
            return name + " holds the same layers with " + values + " values and is not shown: --part " + name
                + " takes it";
        };
        const QString ema = other("ema", "other");
        QTest::newRow("ema") << "ema.pt"
                             << ""
                             << "model" << QStringList{"fc"} << QStringList{ema};
        QTest::newRow("the other") << "ema.pt"
                                   << "ema"
                                   << "ema" << QStringList{"fc"} << QStringList{other("model", "other")};
        QTest::newRow("three, an optimizer") << "parts/three.pt"
                                             << ""
                                             << "model" << layers << QStringList{ema, other("model_ema", "other")};
        QTest::newRow("a wrapper between") << "parts/emawrap.pt"
                                           << "ema"
                                           << "ema" << layers << QStringList{other("model", "other")};
        QTest::newRow("equal values") << "parts/samevals.pt"
                                      << ""
                                      << "model" << layers << QStringList{other("ema", "the same")};
        QTest::newRow("whole modules") << "parts/yolo.pt"
                                       << ""
                                       << "model" << layers << QStringList{ema};
        QTest::newRow("two networks") << "parts/gan.pt"
                                      << ""
                                      << "generator" << layers
                                      << QStringList{"discriminator holds 2 tensors of other layers and is not shown: "
                                                     "--part discriminator takes it"};
        QTest::newRow("pieces of one network")
            << "parts/encdec.pt"
            << ""
            << "" << QStringList{"encoder.conv", "encoder.fc", "decoder.c"} << QStringList{};
    }

    void parts()
    {
        QFETCH(QString, file);
        QFETCH(QString, part);
        QFETCH(QString, shown);
        QFETCH(QStringList, layers);
        QFETCH(QStringList, notes);
        const auto network = openNetwork(field(file.toStdString()), {}, false, {},
            part.isEmpty() ? std::nullopt : std::optional(part.toStdString()));
        QVERIFY(network);
        QCOMPARE(network->file->shown() ? QString::fromStdString(network->file->shown()->name) : QString(), shown);
        QStringList names, said;
        for (const Layer &layer : network->layers)
            names << QString::fromStdString(layer.name);
        for (const std::string &text : textsOf(*network, "not-shown"))
            if (text.find("optimizer") == text.npos)
                said << QString::fromStdString(text);
        QCOMPARE(names, layers);
        QCOMPARE(said, notes);
    }

    void emaAsExpected()
    {
        const json expect = expected("ema");
        const auto network = openNetwork(field("ema.pt"));
        QVERIFY(network);
        QCOMPARE(network->file->shown()->name, expect["shown"].get<std::string>());
        QVERIFY(textsOf(*network, "not-shown").at(0).starts_with(expect["diagnostic"].get<std::string>()));
    }

    /// Names and shapes alone do not tell whether the values differ.
    void listedPartsAreNotCompared()
    {
        const auto network = openNetwork(field("ema.pt"), {}, true);
        QVERIFY(network);
        QCOMPARE(textsOf(*network, "not-shown"),
            std::vector<std::string>{"ema holds the same layers and is not shown: --part ema takes it"});
    }

    void unknownParts()
    {
        const auto wrong = openNetwork(field("ema.pt"), {}, false, {}, "emo");
        QVERIFY(!wrong);
        QCOMPARE(wrong.error().kind, ErrorKind::Usage);
        QCOMPARE(wrong.error().message, std::string("has no part \"emo\" to show: it has model, ema"));
        const auto single = openNetwork(field("int_weights.pt"), {}, false, {}, "ema");
        QVERIFY(!single);
        QCOMPARE(single.error().message, std::string("has no part \"ema\" to show: it holds one set of weights"));
    }

    void integersAsExpected()
    {
        const auto network = openNetwork(field("int_weights.pt"));
        QVERIFY(network);
        const json conv = inspected(*network, "conv"), fc = inspected(*network, "fc");
        QCOMPARE(conv["codes_sha256_i32"], expected("int_weights")["conv_codes_sha256_i32"]);
        QCOMPARE(conv["storage_bits"], json(8));
        QCOMPARE(fc["storage_bits"], json(32));
        for (const json &slot : {conv, fc}) {
            for (const char *unknown :
                {"bit_width", "scale", "zero_point", "frac_bits", "int_bits", "value_sha256", "clipped", "sqnr_db"})
                QVERIFY2(slot.at(unknown).is_null(), unknown);
            QCOMPARE(slot["kind"], json("affine"));
            QCOMPARE(slot["signed"], json(true));
            QCOMPARE(slot["origin"]["signed"], json(slot["storage_bits"] == 8 ? "read: int8" : "read: int32"));
        }
    }

    /// Hashes by numpy, of the tensors that torch wrote.
    void integersOfEveryType_data()
    {
        QTest::addColumn<QString>("layer");
        QTest::addColumn<QString>("slot");
        QTest::addColumn<int>("bits");
        QTest::addColumn<bool>("isSigned");
        QTest::addColumn<QString>("sha");
        QTest::newRow("uint8") << "u8"
                               << "weight" << 8 << false
                               << "29b691a535a64eeb24807d4281196b7acbd1852b6d2625247b1011e95817225f";
        QTest::newRow("int16") << "i16"
                               << "weight" << 16 << true
                               << "cd9cfabdb68036864af39e9b0b36790110fa196a9b3b9d4f39d7e3e70178a95e";
        QTest::newRow("an int32 bias") << "i16"
                                       << "bias" << 32 << true
                                       << "506c13e96dc24f39db192904fe22b12187f578dc2a1afaefd193dc12ab42bd51";
        QTest::newRow("bool") << "mask"
                              << "weight" << 8 << false
                              << "288b1793833bb59673891be54d485696d3f7d8ff9a9168758ef9d00b1bca8985";
        QTest::newRow("int64 that fits") << "small64"
                                         << "weight" << 64 << true
                                         << "62f3e8ee45bbbed33102f88f9843908190098c7e1cc31c595fbace8e46e9ee97";
        QTest::newRow("int64 that does not") << "i64"
                                             << "weight" << 64 << true << "";
    }

    void integersOfEveryType()
    {
        QFETCH(QString, layer);
        QFETCH(QString, slot);
        QFETCH(int, bits);
        QFETCH(bool, isSigned);
        QFETCH(QString, sha);
        const auto network = openNetwork(field("int_kinds.pt"));
        QVERIFY(network);
        const json found = inspected(*network, layer.toStdString(), slot.toStdString());
        QCOMPARE(found["storage_bits"], json(bits));
        QCOMPARE(found["signed"], json(isSigned));
        QCOMPARE(found["codes_sha256_i32"], sha.isEmpty() ? json(nullptr) : json(sha.toStdString()));
    }

    void wideIntegersAreExact()
    {
        const auto network = openNetwork(field("int_kinds.pt"));
        QVERIFY(network);
        const json found = inspected(*network, "i64");
        QCOMPARE(found["codes_min"], json(-(std::int64_t{1} << 62)));
        QCOMPARE(found["codes_max"], json(std::int64_t{1} << 40));
    }

    /// Words of bitsandbytes hold two codes each, and a counter is no weight.
    void otherIntegersAreNoCodes()
    {
        const auto network = openNetwork(field("int_kinds.pt"));
        QVERIFY(network);
        QVERIFY(inspected(*network, "nf4")["storage_bits"].is_null());
        QVERIFY(inspected(*network, "bn")["storage_bits"].is_null());
        QCOMPARE(textsOf(*network, "not-decoded-yet"),
            std::vector<std::string>{
                "nf4 weight: its words hold packed codes of bitsandbytes, and no quant_state beside them tells their "
                "shape"});
        for (const Layer &layer : network->layers)
            for (const SlotQuantizer &slot : layer.slots)
                QVERIFY(!slot.tensorName.ends_with("num_batches_tracked"));
    }

    /// Beside a float layer whose preset is assumed; proven by a compiler where there is one.
    void integersAreExported()
    {
        QTemporaryDir folder;
        const auto network = openNetwork(field("int_kinds.pt"));
        QVERIFY(network);
        ExportRequest request;
        request.layers = {"i16", "u8", "float"};
        request.formats = {"header", "mem-hex"};
        request.folder = folder.path().toStdString();
        request.verify = !QStandardPaths::findExecutable("cc").isEmpty();
        const auto done = exportLayers(*network, request);
        QVERIFY2(done, done ? "" : done.error().text().c_str());
        const QByteArray header = contentOf(folder.filePath("i16.h"));
        QVERIFY(header.contains("#define i16_weight_W 16\n"));
        QVERIFY(header.contains("static const int16_t i16_weight_raw"));
        QVERIFY(header.contains("#define i16_bias_W 32\n"));
        QVERIFY(!header.contains("_scale"));
        QVERIFY(!header.contains("_SCALE_AXIS"));
        QVERIFY(!header.contains("i16_weight_I"));
        QVERIFY(contentOf(folder.filePath("float_.h")).contains("float__weight_scale"));
        const json manifest = json::parse(contentOf(folder.filePath("manifest.json")).toStdString());
        for (const json &tensor : manifest["tensors"])
            if (tensor["layer"] == "i16" && tensor["slot"] == "weight") {
                QVERIFY(tensor["scale"].is_null() && tensor["zero_point"].is_null() && tensor["bit_width"].is_null());
                QCOMPARE(tensor["storage_bits"], json(16));
                QCOMPARE(tensor["codes_sha256_i32"],
                    json("cd9cfabdb68036864af39e9b0b36790110fa196a9b3b9d4f39d7e3e70178a95e"));
            }
        QCOMPARE(contentOf(folder.filePath("u8_weight.mem")).left(6), QByteArray("6A\n98\n")); // 106, 152
    }

    void nothingToCompare()
    {
        const auto network = openNetwork(field("int_weights.pt"));
        QVERIFY(network);
        const auto compared = compareCandidates(*network, {"conv"}, {}, {});
        QVERIFY(!compared);
        QVERIFY(compared.error().message.find("no scale") != std::string::npos);
        QVERIFY(comparableLayers(*network, Slot::Weight).empty());
    }

    void presetsAreNotAppliedToIntegers()
    {
        const auto opened = OpenedModel::open(field("int_weights.pt"), {});
        const auto recipe = parseRecipe(test::preset("*", "weight", "Int8WeightPerTensorFloat"), "r.toml");
        QVERIFY(opened && recipe);
        const auto network = opened->network(*recipe, {}, nullptr);
        QVERIFY(network);
        QCOMPARE(textsOf(*network, "stored-integers").size(), std::size_t(2));
        QCOMPARE(inspected(*network, "conv")["codes_sha256_i32"], expected("int_weights")["conv_codes_sha256_i32"]);
        const auto none = parseRecipe(test::preset("conv", "weight", "None"), "r.toml");
        QVERIFY(none);
        const auto without = opened->network(*none, {}, &*network);
        QVERIFY(without);
        QVERIFY(inspected(*without, "conv")["storage_bits"].is_null());
        QCOMPARE(inspected(*without, "fc")["storage_bits"], json(32));
    }

    /// No file is the export beside itself, and a checkpoint is no export at all.
    void checkpointsConfirmNothing()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath("m.onnx"), other = folder.filePath("m_qonnx.onnx");
        const QString ema = QString::fromStdString(field("ema.pt"));
        QVERIFY(QFile::copy(ema, path) && QFile::copy(ema, other));
        const auto network = openNetwork(path.toStdString());
        QVERIFY(network);
        QVERIFY(network->confirmedBy.empty());
        QVERIFY(network->layers.at(0).slot(Slot::Weight)->presetAssumed);
        QVERIFY(textsOf(*network, "recipe-confirmed").empty() && textsOf(*network, "recipe-taken").empty());
    }

    void pointersOfGitLfs()
    {
        const json expect = expected("lfs_pointer");
        const auto network = openNetwork(field("lfs_pointer.onnx"));
        QVERIFY(!network);
        QCOMPARE(network.error().kind, ErrorKind::Parse); // status 3
        QCOMPARE(network.error().message, expect["text"].get<std::string>());
    }

    /// A storage of a class that nobody knows costs its own tensor alone.
    void unknownElementTypes()
    {
        const auto network = openNetwork(field("unknown_storage.pt"));
        QVERIFY(network);
        QCOMPARE(textsOf(*network, "unknown-element-type"),
            std::vector<std::string>{
                "tensor 'odd.weight' has elements of the type torch.Float4Storage, which QuantScope "
                "does not know"});
        QCOMPARE(inspected(*network, "conv")["bit_width"], json(8));
        QVERIFY(inspected(*network, "odd")["kind"].is_null());
        QCOMPARE(inspected(*network, "odd")["shape"], json({2, 3}));
    }

    /// No name ends a line or a comment of what is written.
    void namesThatSteer()
    {
        QTemporaryDir folder;
        const auto network = openNetwork(field("odd_names.pt"));
        QVERIFY(network);
        ExportRequest request;
        request.formats = {"header"};
        request.folder = folder.path().toStdString();
        const auto done = exportLayers(*network, request);
        QVERIFY(done);
        for (const ExportedFile &file : done->files) {
            const QByteArray text = contentOf(folder.filePath(QString::fromStdString(file.name)));
            if (!file.name.ends_with(".h") || file.name.starts_with("quantscope"))
                continue;
            QCOMPARE(text.left(text.indexOf("#ifndef")).count("*/"), 1);
            QVERIFY(!text.contains('\t') && !text.contains('\x1b') && !text.contains("\u202e"));
        }
        const auto inspection = inspect(std::make_shared<const Network>(*network), {});
        QVERIFY(inspection);
        const std::string text = inspectText(*inspection, {});
        QVERIFY(text.find("a\\x0a*/ int evil;\\xe2\\x80\\xae") != text.npos);
        QVERIFY(text.find('\x1b') == text.npos);
    }

    /// An edit keeps what was said without reading the tensors again.
    void editsKeepThePart()
    {
        const auto opened = OpenedModel::open(field("ema.pt"), {});
        QVERIFY(opened);
        const auto ema = opened->showing("ema");
        QVERIFY(ema);
        const auto before = ema->network();
        QVERIFY(before);
        const auto recipe = parseRecipe(test::preset("fc", "weight", "Int4WeightPerTensorFloatDecoupled"), "r.toml");
        QVERIFY(recipe);
        const auto after = ema->network(*recipe, {}, &*before);
        QVERIFY(after);
        QCOMPARE(after->layers.at(0).slot(Slot::Weight)->tensorName, std::string("ema.fc.weight"));
        QCOMPARE(textsOf(*after, "not-shown"), textsOf(*before, "not-shown"));
    }
};

QTEST_APPLESS_MAIN(TestFieldInts)
#include "tst_field_ints.moc"
