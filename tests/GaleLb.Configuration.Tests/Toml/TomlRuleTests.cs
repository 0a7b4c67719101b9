using System.Text;
using System.Text.Json.Nodes;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Tests.Toml;

/// <summary>The specification's rules one by one, beyond what the public suite's part at hand shows.</summary>
public sealed class TomlRuleTests
{
    /// <summary>Valid in both versions: a document and its values in plain JSON.</summary>
    [Theory]
    [InlineData("", "{}")]
    [InlineData("\uFEFFa = 1", """{"a":1}""")]
    [InlineData("\uFEFF", "{}")]
    [InlineData("a=1\r\nb=2", """{"a":1,"b":2}""")]
    [InlineData("\t a\t=\t1\t#\tc", """{"a":1}""")]
    [InlineData("# é \U0001F600\n", "{}")]
    [InlineData("1234 = 'a'\n-_ = 'b'", """{"1234":"a","-_":"b"}""")]
    [InlineData("3.14159 = 'pi'", """{"3":{"14159":"pi"}}""")]
    [InlineData("'a.b' . \"c d\" .e = 1", """{"a.b":{"c d":{"e":1}}}""")]
    [InlineData("\"\" = 1\n[x]\n'' = 2", """{"":1,"x":{"":2}}""")]
    [InlineData("\"\\u00e9\" = 1\n\"e\\u0301\" = 2", "{\"é\":1,\"e\u0301\":2}")]
    [InlineData("a.b = 1\na.c.d = 2\na.c.e = 3", """{"a":{"b":1,"c":{"d":2,"e":3}}}""")]
    [InlineData("a.b = 1\nx = 2\na.c = 3", """{"a":{"b":1,"c":3},"x":2}""")]
    [InlineData("[ a . \"b\" ]\nc = 1", """{"a":{"b":{"c":1}}}""")]
    [InlineData("[a.b.c]\nx = 1\n[a]\ny = 2\n[a.b]\nz = 3", """{"a":{"b":{"c":{"x":1},"z":3},"y":2}}""")]
    [InlineData("[a]\nb.c = 1\n[a.b.d]\nx = 2", """{"a":{"b":{"c":1,"d":{"x":2}}}}""")]
    [InlineData("[a.b.c]\nx = 1\n[a]\nb.y = 2", """{"a":{"b":{"c":{"x":1},"y":2}}}""")]
    [InlineData("[[a]]\n[[a]]\nb = 1\n[a.c]\nd = 2\n[[a.e]]\n[[a.e]]", """{"a":[{},{"b":1,"c":{"d":2},"e":[{},{}]}]}""")]
    [InlineData("[[a.b]]\n[a]\nc = 1", """{"a":{"b":[{}],"c":1}}""")]
    [InlineData("[[a]]\nb.c = 1\n[[a]]\nb.c = 2", """{"a":[{"b":{"c":1}},{"b":{"c":2}}]}""")]
    [InlineData("[[ a ]]", """{"a":[{}]}""")]
    [InlineData("a = [ 1, 'x', [2.5], {b = 1}, true, ]", """{"a":[1,"x",[2.5],{"b":1},true]}""")]
    [InlineData("a = [ # c\n 1 # d\n , # e\n # f\n 2\n]", """{"a":[1,2]}""")]
    [InlineData("a = [\r\n\r\n]", """{"a":[]}""")]
    [InlineData("a = {}\nb = { }", """{"a":{},"b":{}}""")]
    [InlineData("a = {b.c = 1, b.d = 2, 'e' = [\n1,\n]}", """{"a":{"b":{"c":1,"d":2},"e":[1]}}""")]
    [InlineData("a = +0\nb = -0\nc = +99\nd = 1_0_0", """{"a":0,"b":0,"c":99,"d":100}""")]
    [InlineData("a = 9223372036854775807\nb = -9223372036854775808", """{"a":9223372036854775807,"b":-9223372036854775808}""")]
    [InlineData("a = 0x7FFF_ffff_FFFF_ffff\nb = 0o777777777777777777777\nc = 0b1", """{"a":9223372036854775807,"b":9223372036854775807,"c":1}""")]
    [InlineData("a = 0x00\nb = 0o007\nc = 0xdead_BEEF", """{"a":0,"b":7,"c":3735928559}""")]
    [InlineData("a = 1e06\nb = 1E+2\nc = -2E-2\nd = 6.5e1_0\ne = 0e0\nf = -0.0", """{"a":1000000.0,"b":100.0,"c":-0.02,"d":65000000000.0,"e":0.0,"f":-0.0}""")]
    [InlineData("a = 1_0.0_1", """{"a":10.01}""")]
    [InlineData("a = \"\\b\\t\\n\\f\\r\\\"\\\\\\u0041\\U0001F600\"", "{\"a\":\"\\b\\t\\n\\f\\r\\\"\\\\A\U0001F600\"}")]
    [InlineData("a = \"\t\u0080\uFFFF\"", "{\"a\":\"\\t\u0080\uFFFF\"}")]
    [InlineData("a = 'C:\\x'\nb = ''", """{"a":"C:\\x","b":""}""")]
    [InlineData("a = \"\"\"\nx\ny\"\"\"", """{"a":"x\ny"}""")]
    [InlineData("a = \"\"\"\r\nx\"\"\"", """{"a":"x"}""")]
    [InlineData("a = \"\"\"\n\nx\"\"\"", """{"a":"\nx"}""")]
    [InlineData("a = \"\"\"x \\\n   y \\  \r\n\n\t z\"\"\"", """{"a":"x y z"}""")]
    [InlineData("a = \"\"\"x\\\n\"\"\"", """{"a":"x"}""")]
    [InlineData("a = \"\"\"x\\\\\ny\"\"\"", """{"a":"x\\\ny"}""")]
    [InlineData("a = \"\"\"\"\"\"\nb = ''''''", """{"a":"","b":""}""")]
    [InlineData("a = \"\"\"\"x\"\"\"\"\nb = \"\"\"\"\"x\"\"\"\"\"", """{"a":"\"x\"","b":"\"\"x\"\""}""")]
    [InlineData("a = ''''x''''\nb = '''''x'''''", """{"a":"'x'","b":"''x''"}""")]
    [InlineData("a = \"\"\"\"\"\"\"\"", """{"a":"\"\""}""")]
    [InlineData("a = '''x\r\ny'''", """{"a":"x\r\ny"}""")]
    [InlineData("a = '''\nx\\\n'y''''", """{"a":"x\\\n'y'"}""")]
    [InlineData("a = true\nb = false\ntrue = 1\ninf = 2\nnan.x = 3", """{"a":true,"b":false,"true":1,"inf":2,"nan":{"x":3}}""")]
    [InlineData("2001-02-08 = 1", """{"2001-02-08":1}""")]
    public void Read_ValidInBothVersions_GivesItsValues(string document, string json)
    {
        foreach (TomlVersion version in Enum.GetValues<TomlVersion>())
        {
            TomlTable table = TomlReader.Read(Encoding.UTF8.GetBytes(document), version);

            JsonNode.DeepEquals(Plain(table), JsonNode.Parse(json)).Should().BeTrue($"TOML {version} gave {Plain(table).ToJsonString()}");
        }
    }

    [Theory]
    [InlineData("1979-05-27T07:32:00Z", "1979-05-27T07:32:00Z")]
    [InlineData("1979-05-27t00:32:00.5-07:00", "1979-05-27T00:32:00.5-07:00")]
    [InlineData("1979-05-27 07:32:00z", "1979-05-27T07:32:00Z")]
    [InlineData("1979-05-27 07:32:00+23:59", "1979-05-27T07:32:00+23:59")]
    [InlineData("1979-05-27T07:32:00-00:00", "1979-05-27T07:32:00Z")]
    [InlineData("1979-05-27T07:32:00.123456789999", "1979-05-27T07:32:00.123456789")]
    [InlineData("1979-05-27 ", "1979-05-27")]
    [InlineData("1979-05-27 # at 07:32", "1979-05-27")]
    [InlineData("2000-02-29", "2000-02-29")]
    [InlineData("2024-02-29", "2024-02-29")]
    [InlineData("0000-01-01", "0000-01-01")]
    [InlineData("00:00:00", "00:00:00")]
    [InlineData("23:59:59.999999", "23:59:59.999999")]
    [InlineData("1990-12-31T23:59:60Z", "1990-12-31T23:59:60Z")]
    public void Read_DateOrTime_KeepsIt(string written, string expected)
    {
        foreach (TomlVersion version in Enum.GetValues<TomlVersion>())
        {
            TomlTable table = TomlReader.Read(Encoding.UTF8.GetBytes($"a = {written}"), version);

            table.Entries[0].Value.Should().BeOfType<TomlDateTime>().Which.Display.Should().Be(expected);
        }
    }

    [Theory]
    [InlineData("1979-05-27T07:32Z", "1979-05-27T07:32:00Z")]
    [InlineData("1979-05-27 07:32-07:00", "1979-05-27T07:32:00-07:00")]
    [InlineData("1979-05-27T07:32", "1979-05-27T07:32:00")]
    [InlineData("07:32", "07:32:00")]
    public void Read_TimeWithoutSeconds_IsOnlyIn11(string written, string expected)
    {
        byte[] document = Encoding.UTF8.GetBytes($"a = {written}");

        TomlReader.Read(document, TomlVersion.V11).Entries[0].Value.Display.Should().Be(expected);
        FluentActions.Invoking(() => TomlReader.Read(document, TomlVersion.V10)).Should().Throw<TomlException>();
    }

    [Theory]
    [InlineData("a = {\nb = 1\n}", """{"a":{"b":1}}""")]
    [InlineData("a = {b = 1,}", """{"a":{"b":1}}""")]
    [InlineData("a = { # c\n # d\n b = 1 # e\n , # f\r\n c.d = 2, # g\n}", """{"a":{"b":1,"c":{"d":2}}}""")]
    [InlineData("a = {\n}", """{"a":{}}""")]
    [InlineData("a = {\n\n# nothing\n\n}", """{"a":{}}""")]
    [InlineData("a = \"\\e[0m\\x41\\xff\\x00\"", """{"a":"\u001b[0mA\u00ff\u0000"}""")]
    [InlineData("a = \"\"\"\\x41\\e\"\"\"", """{"a":"A\u001b"}""")]
    public void Read_NewIn11_IsRefusedBy10(string document, string json)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(document);

        JsonNode.DeepEquals(Plain(TomlReader.Read(bytes, TomlVersion.V11)), JsonNode.Parse(json)).Should().BeTrue();
        FluentActions.Invoking(() => TomlReader.Read(bytes, TomlVersion.V10)).Should().Throw<TomlException>();
    }

    /// <summary>Invalid in both versions: a document, where it is refused, and a part of the words.</summary>
    [Theory]
    [InlineData("a", "1:2", "expected = after the key, found the end of the file")]
    [InlineData("a = ", "1:5", "a: expected a value, found the end of the file")]
    [InlineData("a =\n1", "1:4", "a: expected a value, found the end of the line")]
    [InlineData("= 1", "1:1", "expected a key")]
    [InlineData("a = 1 b = 2", "1:7", "expected the end of the line, found 'b'")]
    [InlineData("a = 1,", "1:6", "expected the end of the line, found ','")]
    [InlineData("a b = 1", "1:3", "expected = after the key, found 'b'")]
    [InlineData("a. = 1", "1:4", "expected a key")]
    [InlineData(".a = 1", "1:1", "expected a key")]
    [InlineData("a..b = 1", "1:3", "expected a key")]
    [InlineData("é = 1", "1:1", "expected a key")]
    [InlineData("\"a\nb\" = 1", "1:1", "the string is not closed")]
    [InlineData("\"\"\"a\"\"\" = 1", "1:1", "a key cannot be a multi-line string")]
    [InlineData("'''a''' = 1", "1:1", "a key cannot be a multi-line string")]
    [InlineData("a = 1\na = 2", "2:1", "a: already defined on line 1")]
    [InlineData("a = 1\n'a' = 2", "2:1", "a: already defined on line 1")]
    [InlineData("a = 1\na.b = 2", "2:1", "a: already defined on line 1 as an integer; a dotted key cannot add to it")]
    [InlineData("a.b = 1\na = 2", "2:1", "a: already defined on line 1")]
    [InlineData("a.b = 1\n[a]", "2:2", "a: already defined on line 1 as a table")]
    [InlineData("[a]\nb.c = 1\n[a.b]", "3:4", "a.b: already defined on line 2 as a table")]
    [InlineData("[a]\nb.c.d = 1\n[a.b.c]", "3:6", "a.b.c: already defined")]
    [InlineData("[a]\n[a]", "2:2", "a: already defined on line 1 as a table; expected every table once")]
    [InlineData("[a]\nb = 1\n[a.b]", "3:4", "a.b: already defined on line 2 as an integer")]
    [InlineData("[a]\nb = 1\n[a.b.c]", "3:4", "a.b: is an integer (line 2); expected a table")]
    [InlineData("a = [1]\n[a.b]", "2:2", "a: is an array (line 1); expected a table")]
    [InlineData("a = []\n[[a]]", "2:3", "a: already defined on line 1 as an array written in full")]
    [InlineData("a = [{}]\n[[a]]", "2:3", "a: already defined")]
    [InlineData("[[a]]\n[a]", "2:2", "a: already defined on line 1 as an array")]
    [InlineData("[a]\n[[a]]", "2:3", "a: already defined on line 1 as a table; [[ ]] cannot add to it")]
    [InlineData("[a.b]\n[[a]]", "2:3", "a: already defined")]
    [InlineData("[[a]]\n[a.b]\n[[a.b]]", "3:5", "a.b: already defined")]
    [InlineData("[[a]]\n[[a.b]]\n[a.b]", "3:4", "a.b: already defined")]
    [InlineData("[a.b]\nx = 1\n[a]\nb.y = 2", "4:1", "a.b: already defined on line 1 as a table; a dotted key cannot add to it")]
    [InlineData("[[a.b]]\n[a]\nb.y = 2", "3:1", "a.b: already defined on line 1 as an array")]
    [InlineData("a = {}\n[a]", "2:2", "a: already defined")]
    [InlineData("a = {}\n[a.b]", "2:2", "a: is an inline table (line 1); nothing can be added to it")]
    [InlineData("a = {}\na.b = 1", "2:1", "a: already defined on line 1 as an inline table")]
    [InlineData("a = {b = {}, b.c = 1}", "1:14", "a.b: already defined on line 1 as an inline table")]
    [InlineData("a = {b.c = 1, b = 2}", "1:15", "a.b: already defined")]
    [InlineData("a = {b = 1, b = 2}", "1:13", "a.b: already defined")]
    [InlineData("a.b = {c = 1}\na.b.d = 2", "2:3", "a.b: already defined on line 1 as an inline table")]
    [InlineData("a = [{b = 1}]\n[a.c]", "2:2", "a: is an array")]
    [InlineData("[", "1:2", "expected a key")]
    [InlineData("[]", "1:2", "expected a key")]
    [InlineData("[a", "1:3", "expected ] to close the table header, found the end of the file")]
    [InlineData("[a]]", "1:4", "expected the end of the line")]
    [InlineData("[[a]", "1:5", "expected ]] to close")]
    [InlineData("[[a] ]", "1:5", "expected ]] to close")]
    [InlineData("[ [a]]", "1:3", "expected a key")]
    [InlineData("[a\n]", "1:3", "expected ] to close")]
    [InlineData("[a] b = 1", "1:5", "expected the end of the line")]
    [InlineData("[a.]", "1:4", "expected a key")]
    [InlineData("a = [", "1:6", "expected a value, found the end of the file")]
    [InlineData("a = [1", "1:7", "expected , or ] in the array that starts on line 1")]
    [InlineData("a = [1 2]", "1:8", "expected , or ]")]
    [InlineData("a = [,]", "1:6", "expected a value, found ','")]
    [InlineData("a = [1,,2]", "1:8", "expected a value, found ','")]
    [InlineData("a = {", "1:6", "found the end of the file")]
    [InlineData("a = {b = 1", "1:11", "expected , or } in the inline table that starts on line 1")]
    [InlineData("a = {,}", "1:6", "expected a key")]
    [InlineData("a = {b = 1,,}", "1:12", "expected a key")]
    [InlineData("a = {b}", "1:7", "expected = after the key")]
    [InlineData("a = {b = 1 c = 2}", "1:12", "expected , or }")]
    [InlineData("a = {b\n= 1}", "1:7", "expected = after the key")]
    [InlineData("a = 01", "1:5", "leading zero")]
    [InlineData("a = -01", "1:5", "leading zero")]
    [InlineData("a = 00", "1:5", "leading zero")]
    [InlineData("a = 0_0", "1:5", "leading zero")]
    [InlineData("a = 1__0", "1:5", "underscores only between digits")]
    [InlineData("a = 1_", "1:5", "underscores only between digits")]
    [InlineData("a = _1", "1:5", "is not a number")]
    [InlineData("a = +", "1:5", "is not a number")]
    [InlineData("a = ++1", "1:5", "is not a number")]
    [InlineData("a = +-1", "1:5", "is not a number")]
    [InlineData("a = 9223372036854775808", "1:5", "is too large")]
    [InlineData("a = -9223372036854775809", "1:5", "is too large")]
    [InlineData("a = 0x8000000000000000", "1:5", "is too large")]
    [InlineData("a = 0xFFFFFFFFFFFFFFFFF", "1:5", "is too large")]
    [InlineData("a = 0o1000000000000000000000", "1:5", "is too large")]
    [InlineData("a = 0x", "1:5", "expected hexadecimal digits")]
    [InlineData("a = 0x_1", "1:5", "underscores only between digits")]
    [InlineData("a = 0x1_", "1:5", "underscores only between digits")]
    [InlineData("a = 0x1__2", "1:5", "underscores only between digits")]
    [InlineData("a = 0o8", "1:5", "'8' is no octal digit")]
    [InlineData("a = 0b2", "1:5", "'2' is no binary digit")]
    [InlineData("a = 0xg", "1:5", "'g' is no hexadecimal digit")]
    [InlineData("a = +0x1", "1:5", "has a sign")]
    [InlineData("a = 0X1", "1:5", "'X' does not belong")]
    [InlineData("a = 0x1.5", "1:5", "'.' is no hexadecimal digit")]
    [InlineData("a = 1.", "1:5", "digits on both sides of the point")]
    [InlineData("a = .1", "1:5", "digits before the point")]
    [InlineData("a = -.1", "1:5", "digits before the point")]
    [InlineData("a = 1.e1", "1:5", "digits on both sides of the point")]
    [InlineData("a = 1._1", "1:5", "digits on both sides of the point")]
    [InlineData("a = 1_.1", "1:5", "underscores only between digits")]
    [InlineData("a = 1.1_", "1:5", "underscores only between digits")]
    [InlineData("a = 01.5", "1:5", "leading zero")]
    [InlineData("a = 1e", "1:5", "digits in the exponent")]
    [InlineData("a = 1e_1", "1:5", "digits in the exponent")]
    [InlineData("a = 1e1.5", "1:5", "'.' does not belong")]
    [InlineData("a = 1.2.3", "1:5", "'.' does not belong")]
    [InlineData("a = Inf", "1:5", "Inf is not a value")]
    [InlineData("a = +NaN", "1:5", "is not a number")]
    [InlineData("a = infinity", "1:5", "is not a value")]
    [InlineData("a = TRUE", "1:5", "expected true")]
    [InlineData("a = truer", "1:5", "is not a value")]
    [InlineData("a = hello", "1:5", "expected a string in quotation marks")]
    [InlineData("a = é", "1:5", "expected a value, found 'é'")]
    [InlineData("a = 5s", "1:5", "'s' does not belong in one (a string needs quotation marks)")]
    [InlineData("a = \"", "1:5", "expected \" before the end of the file")]
    [InlineData("a = \"x\ny\"", "1:5", "expected \" before the end of the line")]
    [InlineData("a = 'x\ny'", "1:5", "expected ' before the end of the line")]
    [InlineData("a = \"x\u0001\"", "1:7", "control character U+0001")]
    [InlineData("a = \"x\u007F\"", "1:7", "control character U+007F")]
    [InlineData("a = '\u0000'", "1:6", "control character U+0000")]
    [InlineData("a = \"\"\"x\u0000\"\"\"", "1:9", "control character U+0000")]
    [InlineData("a = '''x\u001F'''", "1:9", "control character U+001F")]
    [InlineData("# \u0000", "1:3", "control character U+0000")]
    [InlineData("# \u007F", "1:3", "control character U+007F")]
    [InlineData("a = 1 # \u0008", "1:9", "control character U+0008")]
    [InlineData("a = 1\rb = 2", "1:6", "carriage return stands alone")]
    [InlineData("# x\r# y", "1:4", "carriage return stands alone")]
    [InlineData("\r", "1:1", "carriage return stands alone")]
    [InlineData("a = \"\"\"x\ry\"\"\"", "1:9", "carriage return stands alone")]
    [InlineData("a = '''x\ry'''", "1:9", "carriage return stands alone")]
    [InlineData("a = \"\"\"x \\\r y\"\"\"", "1:11", "carriage return stands alone")]
    [InlineData("a = [1,\r2]", "1:8", "carriage return stands alone")]
    [InlineData("a\u000B = 1", "1:2", "found U+000B")]
    [InlineData("a\u00A0= 1", "1:2", "found U+00A0")]
    [InlineData("a = \"\\q\"", "1:6", "unknown escape")]
    [InlineData("a = \"\\/\"", "1:6", "unknown escape")]
    [InlineData("a = \"\\", "1:6", "unknown escape")]
    [InlineData("a = \"\\ \"", "1:6", "unknown escape")]
    [InlineData("a = \"\"\"\\ x\"\"\"", "1:8", "unknown escape")]
    [InlineData("a = \"\\u123\"", "1:6", "expected 4 hexadecimal digits")]
    [InlineData("a = \"\\u12G4\"", "1:6", "expected 4 hexadecimal digits")]
    [InlineData("a = \"\\uD800\"", "1:6", "no surrogate")]
    [InlineData("a = \"\\uDFFF\"", "1:6", "no surrogate")]
    [InlineData("a = \"\\U00110000\"", "1:6", "is no character")]
    [InlineData("a = \"\\UFFFFFFFF\"", "1:6", "is no character")]
    [InlineData("a = \"\\U0001F60\"", "1:6", "expected 8 hexadecimal digits")]
    [InlineData("a = \"\"\"x", "1:5", "expected \"\"\" before the end of the file")]
    [InlineData("a = '''x''", "1:5", "expected ''' before the end of the file")]
    [InlineData("a = \"\"\"x\"\"\"\"\"\"", "1:14", "expected the end of the line")]
    [InlineData("a = ''''''''''''", "1:13", "expected the end of the line")]
    [InlineData("a = 1979-05-27T", "1:5", "is not a date or time")]
    [InlineData("a = 1979-5-27", "1:5", "expected a date as 1979-05-27")]
    [InlineData("a = 1979-05-271", "1:5", "is not a date or time")]
    [InlineData("a = 1979-05-27X07:32:00", "1:5", "is not a date or time")]
    [InlineData("a = 1979-05-27  07:32:00", "1:17", "expected the end of the line")]
    [InlineData("a = 1979-05-27T07:32:00+0700", "1:5", "expected an offset")]
    [InlineData("a = 1979-05-27T07:32:00+24:00", "1:5", "an offset with hours to 23")]
    [InlineData("a = 1979-05-27T07:32:00+07:60", "1:5", "an offset with hours to 23")]
    [InlineData("a = 1979-05-27T07:32:00Z1", "1:5", "is not a date or time")]
    [InlineData("a = 1979-05-27T07:32:00.", "1:5", "digits after the point")]
    [InlineData("a = 1979-05-27T07:32:00.Z", "1:5", "digits after the point")]
    [InlineData("a = 1979-05-27T24:00:00", "1:5", "hours to 23")]
    [InlineData("a = 1979-05-27T07:60:00", "1:5", "hours to 23")]
    [InlineData("a = 1979-05-27T07:32:61", "1:5", "hours to 23")]
    [InlineData("a = 1979-00-27", "1:5", "a month from 01 to 12")]
    [InlineData("a = 1979-13-27", "1:5", "a month from 01 to 12")]
    [InlineData("a = 1979-05-00", "1:5", "a day from 01 to 31")]
    [InlineData("a = 1979-04-31", "1:5", "a day from 01 to 30")]
    [InlineData("a = 2023-02-29", "1:5", "a day from 01 to 28")]
    [InlineData("a = 1900-02-29", "1:5", "a day from 01 to 28")]
    [InlineData("a = 07:32:00Z", "1:5", "is not a date or time")]
    [InlineData("a = 7:32:00", "1:5", "':' does not belong")]
    [InlineData("a = 07:3:00", "1:5", "is not a date or time")]
    [InlineData("a = 07:32:00.", "1:5", "digits after the point")]
    [InlineData("a = 12345-01-01", "1:5", "'-' does not belong")]
    [InlineData("\uFEFF\uFEFFa = 1", "1:1", "expected a key")]
    [InlineData("a = 1\n\uFEFFb = 2", "2:1", "expected a key")]
    public void Read_InvalidInBothVersions_IsRefusedThereAndInWords(string document, string position, string words)
    {
        foreach (TomlVersion version in Enum.GetValues<TomlVersion>())
        {
            Action read = () => TomlReader.Read(Encoding.UTF8.GetBytes(document), version);

            TomlException refusal = read.Should().Throw<TomlException>($"TOML {version}").Which;
            refusal.Position.ToString().Should().Be(position);
            refusal.Message.Should().Contain(words).And.NotContain("\n");
        }
    }

    [Theory]
    [InlineData(new byte[] { 0x61, 0x3D, 0x22, 0xC3, 0x28, 0x22 }, "1:4", "0xC3")]
    [InlineData(new byte[] { 0x23, 0x0A, 0x23, 0x20, 0xFF }, "2:3", "0xFF")]
    [InlineData(new byte[] { 0x23, 0xC0, 0x80 }, "1:2", "0xC0")]
    [InlineData(new byte[] { 0x23, 0xED, 0xA0, 0x80 }, "1:2", "0xED")]
    [InlineData(new byte[] { 0x23, 0xF4, 0x90, 0x80, 0x80 }, "1:2", "0xF4")]
    [InlineData(new byte[] { 0x23, 0xE2, 0x82 }, "1:2", "0xE2")]
    [InlineData(new byte[] { 0x23, 0xF8, 0x88, 0x80, 0x80, 0x80 }, "1:2", "0xF8")]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x61, 0x00 }, "1:1", "UTF-16")]
    [InlineData(new byte[] { 0xFE, 0xFF, 0x00, 0x61 }, "1:1", "UTF-16")]
    public void Read_BytesThatAreNotUtf8_AreRefusedAtTheirPlace(byte[] document, string position, string words)
    {
        Action read = () => TomlReader.Read(document);

        TomlException refusal = read.Should().Throw<TomlException>().Which;
        refusal.Position.ToString().Should().Be(position);
        refusal.Message.Should().Contain(words).And.Contain("UTF-8");
    }

    [Fact]
    public void Read_Values_KnowTheirPlaces()
    {
        TomlTable table = TomlReader.Read("'é' = 1\n[\"\U0001F600\".x]\n  key . sub = [ 'a',\n 'b' ]\n"u8);

        table.Entries[0].Position.Should().Be(new TomlPosition(1, 1));
        table.Entries[0].Value.Position.Should().Be(new TomlPosition(1, 7));
        TomlTable smile = (TomlTable)table.Entries[1].Value;
        smile.Entries[0].Position.Should().Be(new TomlPosition(2, 6));
        TomlTable x = (TomlTable)smile.Entries[0].Value;
        x.Position.Should().Be(new TomlPosition(2, 1));
        TomlTable key = (TomlTable)x.Entries[0].Value;
        key.Entries[0].Position.Should().Be(new TomlPosition(3, 9));
        ((TomlArray)key.Entries[0].Value).Items.Select(i => i.Position)
            .Should().Equal(new TomlPosition(3, 17), new TomlPosition(4, 2));
    }

    private static JsonNode Plain(TomlValue value) => value switch
    {
        TomlTable table => new JsonObject(table.Entries.Select(e => KeyValuePair.Create<string, JsonNode?>(e.Key, Plain(e.Value)))),
        TomlArray array => new JsonArray([.. array.Items.Select(Plain)]),
        TomlString text => JsonValue.Create(text.Value),
        TomlInteger integer => JsonValue.Create(integer.Value),
        TomlFloat number => JsonNode.Parse(number.Value.ToString(Math.Abs(number.Value) % 1 == 0 ? "F1" : "R", null))!,
        TomlBoolean boolean => JsonValue.Create(boolean.Value),
        _ => throw new ArgumentException(value.TypeName, nameof(value)),
    };
}
