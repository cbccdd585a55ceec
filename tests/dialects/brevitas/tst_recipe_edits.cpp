#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/recipe_words.h"
#include "dialects/brevitas/spec.h"
#include "recipe/recipe_text.h"
#include "recipe/recipe_toml.h"

#include <QtTest>

using namespace quantscope;

/// What a recipe's file looks like after edits: worked out by hand.
class TestRecipeEdits : public QObject {
    Q_OBJECT

private:
    static Recipe recipeOf(const QByteArray &text)
    {
        const auto recipe = parseRecipe(text.toStdString(), "r.toml");
        if (recipe)
            return *recipe;
        qWarning("%s", recipe.error().text().c_str());
        return {};
    }
    static QString edited(const QByteArray &text, const Recipe &recipe)
    {
        const auto out = editedToml(text.toStdString(), recipe);
        return QString::fromStdString(out ? *out : "error: " + out.error().message);
    }

private Q_SLOTS:
    void mutes_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("wanted");
        QTest::newRow("in place") << QByteArray("[checks] # of ours\nmute = [ \"zero-point\" ] # known\n\n[[layer]]\n")
                                  << QByteArray(
                                         "[checks] # of ours\nmute = [\"a\", \"b:conv*\"] # known\n\n[[layer]]\n");
        QTest::newRow("in an empty table") << QByteArray("[checks]\n\n[[layer]]\n")
                                           << QByteArray("[checks]\nmute = [\"a\", \"b:conv*\"]\n\n[[layer]]\n");
        QTest::newRow("at the end") << QByteArray("brevitas = \"0.9.1\"\n")
                                    << QByteArray("brevitas = \"0.9.1\"\n\n[checks]\nmute = [\"a\", \"b:conv*\"]\n");
        QTest::newRow("a key behind a dot")
            << QByteArray("checks.mute = []\n") << QByteArray("checks.mute = [\"a\", \"b:conv*\"]\n");
    }

    void mutes()
    {
        QFETCH(QByteArray, text);
        Recipe recipe = recipeOf(text);
        QCOMPARE(edited(text, recipe), QString(text));
        recipe.mutes = {"a", "b:conv*"};
        const QString out = edited(text, recipe);
        QFETCH(QByteArray, wanted);
        QCOMPARE(out, QString(wanted));
        const Recipe read = recipeOf(out.toUtf8());
        QCOMPARE(read.mutes, recipe.mutes);
        const QString whole = QString::fromStdString(recipeText(read));
        QVERIFY2(whole.endsWith("[checks]\nmute = [\"a\", \"b:conv*\"]\n"), qPrintable(whole));
        QCOMPARE(recipeOf(whole.toUtf8()).mutes, recipe.mutes);
    }

    void choice_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("preset"); // of conv1's weight
        QTest::addColumn<QStringList>("keywords");
        QTest::addColumn<QByteArray>("wanted");
        const auto row
            = [](const char *name, const char *text, const char *preset, QStringList keywords, const char *wanted) {
                  QTest::newRow(name) << QByteArray(text) << QString(preset) << keywords << QByteArray(wanted);
              };
        const char *own
            = "# of the run of May\nbrevitas = \"0.9.1\"\n\n[[quantizer]] # first layer\nmatch = \"conv1\"\n"
              "slot = \"weight\"\n  preset = \"Int8WeightPerTensorFloat\"   # was fixed point\n"
              "bit_width = 6 # tried 4\n\n[[quantizer]]\nmatch = \"fc\"\nslot = \"weight\"\npreset = "
              "\"Int8WeightPerTensorFloat\"\n";
        row("value in place", own, "", {"bit_width", "4"},
            "# of the run of May\nbrevitas = \"0.9.1\"\n\n[[quantizer]] # first layer\nmatch = \"conv1\"\n"
            "slot = \"weight\"\n  preset = \"Int8WeightPerTensorFloat\"   # was fixed point\n"
            "bit_width = 4 # tried 4\n\n[[quantizer]]\nmatch = \"fc\"\nslot = \"weight\"\npreset = "
            "\"Int8WeightPerTensorFloat\"\n");
        row("preset in place, its keywords go", own, "Int4WeightPerTensorFloatDecoupled", {},
            "# of the run of May\nbrevitas = \"0.9.1\"\n\n[[quantizer]] # first layer\nmatch = \"conv1\"\n"
            "slot = \"weight\"\n  preset = \"Int4WeightPerTensorFloatDecoupled\"   # was fixed point\n"
            "\n[[quantizer]]\nmatch = \"fc\"\nslot = \"weight\"\npreset = \"Int8WeightPerTensorFloat\"\n");
        row("new keyword behind the last, indented like it",
            "[[quantizer]]\n\tmatch = \"conv1\" # é\n\tslot = \"weight\"\n# end\n", "", {"narrow_range", "false"},
            "[[quantizer]]\n\tmatch = \"conv1\" # é\n\tslot = \"weight\"\n\tnarrow_range = false\n# end\n");
        row("value behind letters beyond ASCII",
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\nscaling_stats_op = \"mäx\" # ü\n", "",
            {"scaling_stats_op", "ave"},
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\nscaling_stats_op = \"ave\" # ü\n");
        row("a later wildcard wins, so a new entry stands behind it",
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\nbit_width = 3\n[[quantizer]]\nmatch = "
            "\"conv*\"\nbit_width = 5\n",
            "", {"bit_width", "4"},
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\nbit_width = 3\n[[quantizer]]\nmatch = "
            "\"conv*\"\nbit_width = 5\n\n[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\nbit_width = 4\n");
        row("an entry of another slot is left alone",
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"bias\"\npreset = \"Int8Bias\"\n", "binary", {},
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"bias\"\npreset = \"Int8Bias\"\n\n[[quantizer]]\nmatch = "
            "\"conv1\"\nslot = \"weight\"\npreset = \"binary\"\n");
        row("Windows line ends", "[[quantizer]]\r\nmatch = \"conv1\"\r\nslot = \"weight\"\r\n", "binary", {},
            "[[quantizer]]\r\nmatch = \"conv1\"\r\nslot = \"weight\"\r\npreset = \"binary\"\r\n");
        row("no line end at the end", "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"", "binary", {},
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\npreset = \"binary\"\n");
        row("no line end, appended", "brevitas = \"0.10.2\"", "binary", {},
            "brevitas = \"0.10.2\"\n\n[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\npreset = \"binary\"\n");
        row("byte order mark", "\xEF\xBB\xBF[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\nbit_width = 3\n", "",
            {"bit_width", "4"}, "\xEF\xBB\xBF[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\nbit_width = 4\n");
        row("inline tables", "quantizer = [{match=\"conv1\", slot=\"weight\", bit_width=3}, {match = \"fc\"}] # two\n",
            "", {"bit_width", "4"},
            "quantizer = [{ match = \"conv1\", slot = \"weight\", bit_width = 4 }, {match = \"fc\"}] # two\n");
        row("behind inline tables", "quantizer = [{match = \"fc\"}] # one\n", "binary", {},
            "quantizer = [{match = \"fc\"}, { match = \"conv1\", slot = \"weight\", preset = \"binary\" }] # one\n");
        row("a list over several lines",
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\nper_channel_broadcastable_shape = [\n 1,\n 2 # "
            "two\n] # shape\nbit_width = 3\n",
            "", {"per_channel_broadcastable_shape", "[4, 1]"},
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\nper_channel_broadcastable_shape = [4, 1] # "
            "shape\nbit_width = 3\n");
        row("sharing ends with a preset",
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\nshared_with = \"fc\" # one object\n", "binary", {},
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\npreset = \"binary\"\n");
        row("no entry at all", "# nothing yet\n", "Int8WeightPerTensorFloat",
            {"bit_width", "4", "narrow_range", "false", "scaling_stats_op", "max"},
            "# nothing yet\n\n[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\npreset = "
            "\"Int8WeightPerTensorFloat\"\nbit_width = 4\nnarrow_range = false\nscaling_stats_op = \"max\"\n");
        row("a lab name", "", "ap_fixed<6,-1>", {},
            "\n[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\npreset = \"ap_fixed<6,-1>\"\n");
    }
    void choice()
    {
        QFETCH(QByteArray, text);
        QFETCH(QString, preset);
        QFETCH(QStringList, keywords);
        QFETCH(QByteArray, wanted);
        SlotChoice choice{"conv1", Slot::Weight, preset.toStdString(), {}};
        for (qsizetype i = 0; i + 1 < keywords.size(); i += 2)
            choice.overrides.emplace_back(keywords[i].toStdString(), keywords[i + 1].toStdString());
        const Recipe before = recipeOf(text);
        QCOMPARE(before.path, std::string("r.toml"));
        QVERIFY(!hasEdits(before));
        QCOMPARE(edited(text, before), QString(text)); // nothing touched, nothing changed
        const Recipe after = withChoice(before, choice);
        QVERIFY(hasEdits(after));
        QCOMPARE(edited(text, after), QString(wanted));
        // What the file now says is what was chosen.
        const SlotSettings read = settingsFor(recipeOf(wanted), "conv1", Slot::Weight),
                           chosen = settingsFor(after, "conv1", Slot::Weight);
        QCOMPARE(read.preset, chosen.preset);
        QCOMPARE(read.overrides.size(), chosen.overrides.size());
        for (const auto &[keyword, value] : choice.overrides)
            QCOMPARE(read.value(keyword), std::optional(value));
    }

    /// A new preset replaces everything that was said; whose output the bias reads is not the preset's to forget.
    void inputStays()
    {
        const QByteArray text = "[[quantizer]]\nmatch = \"conv*\"\nslot = \"bias\"\npreset = \"Int16Bias\"\ninput = "
                                "\"quant_inp\"\ninput_scale = 0.5\n";
        const Recipe after = withChoice(recipeOf(text), {"conv1", Slot::Bias, "Int8Bias", {}});
        QCOMPARE(edited(text, after),
            QString(text
                + "\n[[quantizer]]\nmatch = \"conv1\"\nslot = \"bias\"\npreset = \"Int8Bias\"\ninput = "
                  "\"quant_inp\"\ninput_scale = 0.5\n"));
    }

    void batchNorm()
    {
        const QByteArray text = "[[layer]]\nmatch = \"up\"\nkind = \"ConvTranspose2d\" # from the code\n";
        const Recipe merged = withBatchNorm(withBatchNorm(recipeOf(text), "up", "bn2"), "conv1", "bn1");
        const QString wanted = text + "batch_norm = \"bn2\"\n\n[[layer]]\nmatch = \"conv1\"\nbatch_norm = \"bn1\"\n";
        QCOMPARE(edited(text, merged), wanted);
        const Recipe stored = withBatchNorm(withBatchNorm(merged, "up", ""), "conv1", "");
        QCOMPARE(edited(text, stored), QString(text));
        const Recipe again = withBatchNorm(recipeOf(wanted.toUtf8()), "up", "");
        QCOMPARE(
            edited(wanted.toUtf8(), again), QString(text + "\n[[layer]]\nmatch = \"conv1\"\nbatch_norm = \"bn1\"\n"));
    }

    void otherText()
    {
        const Recipe recipe = withChoice(recipeOf("[[quantizer]]\nmatch = \"a\"\n[[quantizer]]\nmatch = \"b\"\n"),
            {"a", Slot::Weight, "binary", {}});
        QCOMPARE(edited("[[quantizer]]\nmatch = \"a\"\n[[quantizer]]\nmatch = \"b\"\n[[quantizer]]\nmatch = "
                        "\"c\"\n[[quantizer]]\nmatch = \"d\"\n",
                     recipe),
            QString("error: is not the file that the recipe was read from"));
        QVERIFY(edited("[[quantizer]]\nmatch = \"other\"\n[[quantizer]]\nmatch = \"b\"\n", recipe)
                    .startsWith("error: cannot take"));
        QVERIFY(edited("[[quantizer]\n", recipe).contains("is not TOML"));
    }
};

QTEST_GUILESS_MAIN(TestRecipeEdits)
#include "tst_recipe_edits.moc"
