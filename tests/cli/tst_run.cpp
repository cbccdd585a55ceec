#include "run/npz_writer.h"
#include "support/golden.h"
#include "support/onnx_builder.h"
#include "support/paths.h"
#include "support/program.h"

#include <csignal>

#include <array>
#include <cmath>
#include <cstring>

#include <sys/resource.h>

#include <QCryptographicHash>
#include <QFileInfo>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

using nlohmann::json;
using quantscope::test::Run;
using quantscope::test::runWith;

namespace {

QString sample(const QString &name) { return QString::fromStdString(quantscope::test::sample(name.toStdString())); }

QStringList digits(const QString &model, QStringList more = {})
{
    const QString data = sample("digits_test.npz");
    return QStringList{"run", sample(model), "--data", data + ":images", "--labels", data + ":labels", "--json"} + more;
}

/// A .npy file's elements, behind its header of 128 bytes or what it says.
QByteArray elementsOf(const QByteArray &npz, const QByteArray &member)
{
    const qsizetype name = npz.indexOf(member + ".npy");
    const qsizetype npy = npz.indexOf("\x93NUMPY", name);
    const auto length = static_cast<unsigned char>(npz[npy + 8]) + 256 * static_cast<unsigned char>(npz[npy + 9]);
    return npz.mid(npy + 10 + length);
}

} // namespace

/// `quantscope run` on the bundled samples, against what Brevitas computed. Skipped where quantscope-torch is not
/// built.
class TestRun : public QObject {
    Q_OBJECT

    json m_expected;
    QTemporaryDir m_folder;

    /// y = a - b, given twice; with an archive of one array and one of both: 7, 8, 9, 11 less 2, 3, 4, 5.
    QString twoInputs()
    {
        const QString path = m_folder.filePath("two.onnx");
        const std::string model = quantscope::test::OnnxBuilder()
                                      .input("a")
                                      .input("b")
                                      .output("y")
                                      .output("y")
                                      .node("Sub", {"a", "b"}, {"y"})
                                      .model();
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(model.data(), static_cast<qsizetype>(model.size())) < 0)
            qFatal("cannot write");
        for (const bool both : {false, true}) {
            auto arrays = quantscope::NpzWriter::create(m_folder.filePath(both ? "both.npz" : "one.npz").toStdString());
            if (both)
                arrays->add("b", {2, 2}, std::vector<float>{2, 3, 4, 5});
            arrays->add("a", {2, 2}, std::vector<float>{7, 8, 9, 11});
            if (!arrays->commit())
                qFatal("cannot write");
        }
        return path;
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (!QFileInfo::exists(qEnvironmentVariable("QUANTSCOPE_BIN") + "/quantscope-torch"))
            QSKIP("quantscope-torch is not built");
        m_expected = quantscope::test::golden(quantscope::test::sample("digits_expected.json"));
    }

    void accuracy_data()
    {
        QTest::addColumn<QString>("model");
        QTest::addColumn<int>("correct");
        for (const char *file :
            {"digits_fixed_qonnx.onnx", "digits_fixed_qcdq.onnx", "digits_fixed_qcdq.ts.pt", "digits_fixed.pt"})
            QTest::newRow(file) << file << 355;
        for (const char *file :
            {"digits_float_qonnx.onnx", "digits_float_qcdq.onnx", "digits_float_qcdq.ts.pt", "digits_float.pt"})
            QTest::newRow(file) << file << 352;
    }

    /// Accuracy and the ranges of activations and results as Brevitas has them.
    void accuracy()
    {
        QFETCH(QString, model);
        QFETCH(int, correct);
        const Run run = runWith(digits(model));
        QVERIFY2(run.status == 0, run.err);
        const json said = json::parse(run.out.toStdString());
        QCOMPARE(said["samples"].get<int>(), 360);
        QCOMPARE(said["correct"].get<int>(), correct);
        QCOMPARE(said["outputs"][0]["shape"].dump(), std::string("[360,10]"));
        if (model.endsWith(".ts.pt")) // the archive has no names of layers
            return;
        const json &ranges = m_expected[model.startsWith("digits_fixed") ? "digits_fixed" : "digits_float"]["ranges"];
        for (const auto &[layer, range] : ranges.items()) {
            const auto flow = std::ranges::find_if(said["layers"], [&](const json &l) { return l["name"] == layer; });
            QVERIFY2(flow != said["layers"].end(), layer.c_str());
            QCOMPARE((*flow)["count"].get<int>(), range["count"].get<int>());
            // The last bits of a sum of floats depend on the order of addition; codes never do.
            const double off = (*flow)["slot"] == "result" && model.startsWith("digits_float") ? 1e-6 : 0;
            for (const char *end : {"min", "max"}) {
                const double expected = std::strtod(range[end].get<std::string>().c_str(), nullptr);
                QVERIFY2(std::fabs((*flow)[end].get<double>() - expected) <= off * std::fabs(expected), layer.c_str());
            }
            if (!range.contains("at_upper_limit"))
                continue;
            const bool both = (*flow)["codes_min"].get<int>() == 0;
            QCOMPARE((*flow)["at_limit"].get<int>(),
                range["at_upper_limit"].get<int>() + (both ? range["at_lower_limit"].get<int>() : 0));
        }
    }

    /// Every logit of digits_fixed is exact: its sums are integers times a power of two.
    void logits()
    {
        const QString out = m_folder.filePath("out.npz");
        const Run run = runWith(digits("digits_fixed_qonnx.onnx", {"--save", out, "--layers"}));
        QVERIFY2(run.status == 0, run.err);
        QFile file(out);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray npz = file.readAll();
        const std::string output = json::parse(run.out.toStdString())["outputs"][0]["name"];
        const QByteArray logits = elementsOf(npz, QByteArray::fromStdString(output)).left(3600 * 4);
        QCOMPARE(QCryptographicHash::hash(logits, QCryptographicHash::Sha256).toHex().toStdString(),
            m_expected["digits_fixed"]["logits_sha256_f32"].get<std::string>());
        for (const char *layer : {"layer/conv1.npy", "layer/relu1.npy", "layer/fc2.npy"})
            QVERIFY2(npz.contains(layer), layer);
    }

    void choices_data()
    {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QStringList>("with");
        QTest::addColumn<QString>("changed"); ///< a layer whose figures are others then
        const auto row = [](const char *name, const char *model, QStringList with, const char *changed) {
            QTest::newRow(name) << model << with << changed;
        };
        row("weight", "digits_fixed_qonnx.onnx", {"--with", "conv2=ap_fixed<3,0>"}, "conv2");
        row("weight of codes", "digits_fixed_qcdq.onnx", {"--with", "conv2=ap_fixed<3,0>"}, "conv2");
        row("weight of a checkpoint", "digits_fixed.pt", {"--with", "conv2=ap_fixed<3,0>"}, "conv2");
        row("activation", "digits_fixed_qonnx.onnx", {"--with", "relu1:act=ap_ufixed<2,2>"}, "relu1");
        row("activation of a checkpoint", "digits_fixed.pt", {"--with", "relu1:act=ap_ufixed<2,2>"}, "relu1");
        row("float weight", "digits_fixed.pt", {"--with", "conv2=float"}, "conv2");
        row("all float", "digits_float_qonnx.onnx", {"--float"}, "relu1");
    }

    void choices()
    {
        QFETCH(QString, model);
        QFETCH(QStringList, with);
        QFETCH(QString, changed);
        const Run before = runWith(digits(model)), after = runWith(digits(model, with));
        QVERIFY2(after.status == 0, after.err);
        const auto flow = [&](const Run &run) {
            const json layers = json::parse(run.out.toStdString())["layers"];
            return std::ranges::find_if(layers, [&](const json &l) {
                return l["name"] == changed.toStdString();
            })->dump();
        };
        QVERIFY(flow(before) != flow(after));
    }

    /// "file" in the place of each is what the file has.
    void theFilesOwn()
    {
        const Run before = runWith(digits("digits_fixed_qonnx.onnx"));
        const Run after
            = runWith(digits("digits_fixed_qonnx.onnx", {"--with", "conv1=file", "--with", "relu1:act=file"}));
        QCOMPARE(after.out, before.out);
    }

    /// What compare tells of a candidate on data is what a run with it tells.
    void compareOnData()
    {
        const QString data = sample("digits_test.npz"), with = "ap_fixed<3,0>";
        const Run compared = runWith({"compare", sample("digits_fixed.pt"), "conv1", "--with", with, "--data",
            data + ":images", "--labels", data + ":labels", "--json"});
        QVERIFY2(compared.status == 0, compared.err);
        const json candidates = json::parse(compared.out.toStdString())["layers"][0]["candidates"];
        QVERIFY(candidates[0]["output_sqnr_db"].is_null());
        QCOMPARE(candidates[0]["predictions_changed"].get<int>(), 0);
        QCOMPARE(candidates[0]["accuracy"].get<double>(), 355.0 / 360);
        const Run alone = runWith(digits("digits_fixed.pt", {"--with", "conv1=" + with}));
        QCOMPARE(candidates[1]["accuracy"], json::parse(alone.out.toStdString())["accuracy"]);
        QVERIFY(candidates[1]["predictions_changed"].get<int>() > 0);
        QVERIFY(candidates[1]["output_sqnr_db"].get<double>() > 0);
    }

    /// Figures and effect of a candidate for an activation are those of a run with it; a range is of what flows in
    /// without it, where the percentile is told by a bin of 1/128.
    void activationsOnData()
    {
        const QString data = sample("digits_test.npz"), range = "Uint8ActPerTensorFloat,bit_width=4,range=99.9";
        const QStringList with = {"ap_ufixed<3,2>", "Uint8ActPerTensorFixedPoint,bit_width=4", range,
            "Uint8ActPerTensorFloat,bit_width=4,range=max"};
        QStringList words = {"compare", sample("digits_fixed.pt"), "relu1", "--slot", "act", "--data", data + ":images",
            "--labels", data + ":labels", "--json"};
        for (const QString &candidate : with)
            words << "--with" << candidate;
        const Run compared = runWith(words);
        QVERIFY2(compared.status == 0, compared.err);
        const json candidates = json::parse(compared.out.toStdString())["layers"][0]["candidates"];
        QCOMPARE(candidates.size(), std::size_t{5});
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            const json &said = candidates[i];
            const QString name = i == 0 ? "file" : with[static_cast<qsizetype>(i) - 1];
            QCOMPARE(said["name"].get<std::string>(), name.toStdString());
            const Run alone = runWith(digits("digits_fixed.pt", {"--with", "relu1:act=" + name}));
            const json ran = json::parse(alone.out.toStdString());
            const auto flow = std::ranges::find_if(
                ran["layers"], [](const json &l) { return l["slot"] == "act" && l["name"] == "relu1"; });
            for (const char *figure : {"at_limit", "clipped", "zeroed", "codes_used"})
                QCOMPARE(said[figure].get<int>(), (*flow)[figure].get<int>());
            QCOMPARE(said["accuracy"], ran["accuracy"]);
        }
        const QString out = m_folder.filePath("relu1.npz");
        QVERIFY(
            runWith(digits("digits_fixed.pt", {"--with", "relu1:act=float", "--save", out, "--layers"})).status == 0);
        QFile file(out);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray bytes = elementsOf(file.readAll(), "layer/relu1").left(368640 * 4);
        std::vector<float> magnitudes(368640);
        std::memcpy(magnitudes.data(), bytes.data(), static_cast<std::size_t>(bytes.size()));
        for (float &x : magnitudes)
            x = std::fabs(x);
        std::ranges::sort(magnitudes);
        const auto threshold = [&](std::size_t i) {
            const std::string settings = candidates[i]["settings"];
            return std::strtof(settings.substr(settings.rfind('=') + 1).c_str(), nullptr);
        };
        const float exact = magnitudes[368271 - 1]; // floor(0.999 * 368640 + 0.5)
        QVERIFY2(threshold(3) >= exact && threshold(3) < exact * (1 + 1.0f / 128), std::to_string(exact).c_str());
        QCOMPARE(threshold(4), magnitudes.back());
    }

    void statuses_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<int>("status");
        QTest::addColumn<QString>("says");
        const QString model = sample("digits_fixed_qonnx.onnx"), data = sample("digits_test.npz") + ":images",
                      labels = sample("digits_test.npz") + ":labels";
        const auto row = [](const char *name, QStringList arguments, int status, const char *says) {
            QTest::newRow(name) << QStringList("run") + arguments << status << says;
        };
        row("no data", {model}, 2, "--data");
        row("missing model", {"/nonexistent.onnx", "--data", data}, 3, "/nonexistent.onnx: cannot be opened");
        row("missing data", {model, "--data", "/nonexistent.npy"}, 3, "/nonexistent.npy: cannot be opened");
        row("several arrays", {model, "--data", sample("digits_test.npz")}, 2, "holds several arrays (images, labels)");
        row("another shape", {model, "--data", labels}, 2, "of the graph takes 1×8×8");
        row("no labels", {model, "--data", data, "--labels", sample("digits_saturating.npz") + ":codes"}, 3,
            "labels are one integer a sample");
        row("unknown layer", {model, "--data", data, "--with", "conv9=binary"}, 2, "did you mean \"conv1\"");
        row("unknown slot", {model, "--data", data, "--with", "conv1:act=binary"}, 2, "has no slot \"act\"");
        row("unknown candidate", {model, "--data", data, "--with", "conv1=binry"}, 2, "did you mean \"binary\"");
        row("twice", {model, "--data", data, "--with", "conv1=binary", "--with", "conv1=ternary"}, 2, "named twice");
        row("a preset without its threshold", {model, "--data", data, "--with", "relu1:act=Uint8ActPerTensorFloat"}, 2,
            "no threshold");
        row("no samples", {model, "--data", data, "--limit", "0"}, 2, "--limit 0 runs nothing");
        row("saved nowhere", {model, "--data", data, "--save", "/proc/none/x.npz"}, 3,
            "/proc/none/x.npz: cannot be written");
        const char *read = "is read here: name another file for --save";
        row("saved over the model", {model, "--data", data, "--save", model}, 2, read);
        const QString recipe = m_folder.filePath("alone.recipe.toml");
        QVERIFY(QFile::copy(sample("digits_fixed.recipe.toml"), recipe));
        row("saved over the recipe beside", {m_folder.filePath("alone.pt"), "--data", data, "--save", recipe}, 2, read);
        for (const char *memory : {"-1", "1.5", "1e3", "much", "", "99999999999999999999", "18446744073710"})
            row(memory, {model, "--data", data, "--memory", memory}, 2,
                qPrintable(
                    QString("--memory: '%1' is no whole number of megabytes, such as 1000, or 0 to keep nothing; "
                            "try quantscope --help")
                        .arg(memory)));
        row("less than no samples", {model, "--data", data, "--limit", "-1"}, 2, "--limit");
        const QString two = twoInputs();
        for (const char *one : {"one.npz", "one.npz:a"})
            row(one, {two, "--data", m_folder.filePath(one)}, 2,
                "one.npz: gives one array, and the graph has inputs \"a\" and \"b\": write an .npz with an array for "
                "each under its name");
        row("saved over the data", {model, "--data", data, "--save", sample("digits_test.npz")}, 2, read);
        QVERIFY(QFile::copy(sample("digits_fixed.pt"), m_folder.filePath("alone.pt")));
        row("a checkpoint alone", {m_folder.filePath("alone.pt"), "--data", data}, 3, "has no graph");
    }

    void statuses()
    {
        QFETCH(QStringList, arguments);
        QFETCH(int, status);
        QFETCH(QString, says);
        const Run run = runWith(arguments);
        QVERIFY2(run.status == status, run.err);
        QVERIFY(run.out.isEmpty());
        QVERIFY2(run.err.startsWith("quantscope: ") && run.err.contains(says.toUtf8()), run.err);
        QCOMPARE(run.err.count('\n'), 1);
    }

    /// It runs as without the word, which is said.
    void layersThatNothingSaves()
    {
        const QStringList words{
            "run", sample("digits_fixed_qonnx.onnx"), "--data", sample("digits_test.npz") + ":images"};
        const Run run = runWith(words + QStringList{"--layers"}), plain = runWith(words);
        QCOMPARE(run.status, 0);
        QCOMPARE(run.out, plain.out);
        QVERIFY(!run.out.isEmpty());
        QCOMPARE(
            run.err, QByteArray("quantscope: --layers does nothing without --save, which names the file to write\n"));
    }

    /// Each input takes the array of its name; an output that is named twice is written once.
    void severalInputs()
    {
        const QString model = twoInputs(), out = m_folder.filePath("difference.npz");
        const Run run = runWith({"run", model, "--data", m_folder.filePath("both.npz"), "--save", out, "--json"});
        QVERIFY2(run.status == 0, run.err);
        QFile file(out);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray difference = elementsOf(file.readAll(), "y").left(16);
        const std::array<float, 4> expected = {5, 5, 5, 6};
        QCOMPARE(difference, QByteArray(reinterpret_cast<const char *>(expected.data()), sizeof expected));
        QCOMPARE(json::parse(run.out.toStdString())["outputs"].dump(),
            std::string(R"([{"name":"y","shape":[2,2]},{"name":"y","shape":[2,2]}])"));
    }

    /// The third sample fills a batch of two, equal to the batch before: it is counted once all the same.
    void equalSamples()
    {
        const QString data = m_folder.filePath("equal.npz");
        auto arrays = quantscope::NpzWriter::create(data.toStdString());
        arrays->add("x", {3, 5, 6}, std::vector<float>(90, 0.5f));
        QVERIFY(arrays->commit());
        const Run run = runWith({"run", QString::fromStdString(quantscope::test::data("field/operators/a_mm3.onnx")),
            "--data", data, "--json"});
        QVERIFY2(run.status == 0, run.err);
        const json layers = json::parse(run.out.toStdString())["layers"];
        QCOMPARE(layers.size(), std::size_t{1});
        QCOMPARE(layers[0]["count"].get<int>(), 60);
    }

    /// A disk that is full, by a limit on file sizes: nothing is left, whatever was there before stays.
    void aFullDisk()
    {
        const QString out = m_folder.filePath("full.npz");
        QFile before(out);
        QVERIFY(before.open(QIODevice::WriteOnly) && before.write("before") == 6);
        before.close();
        QProcess process;
        process.setChildProcessModifier([] {
            const rlimit small{1000, 1000};
            ::signal(SIGXFSZ, SIG_IGN);
            ::setrlimit(RLIMIT_FSIZE, &small);
        });
        process.start(quantscope::test::programPath(), digits("digits_fixed_qonnx.onnx", {"--save", out}));
        QVERIFY(process.waitForFinished(60000));
        const QByteArray said = process.readAllStandardError();
        QCOMPARE(process.exitCode(), 3);
        QVERIFY2(said.contains("full.npz: cannot be written: File too large"), said);
        QVERIFY(before.open(QIODevice::ReadOnly));
        QCOMPARE(before.readAll(), QByteArray("before"));
        QCOMPARE(QDir(m_folder.path()).entryList({".quantscope*"}, QDir::Files | QDir::Hidden), QStringList());
    }
};

QTEST_GUILESS_MAIN(TestRun)
#include "tst_run.moc"
