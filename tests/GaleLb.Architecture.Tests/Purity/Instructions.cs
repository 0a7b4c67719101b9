using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace GaleLb.Architecture.Tests.Purity;

/// <summary>Reads the instructions of a method body (ECMA-335, partition III): the operation and, where it has one, its token.</summary>
internal static class Instructions
{
    private static readonly Dictionary<int, OpCode> ByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value & 0xFFFF);

    public static IEnumerable<(OpCode Operation, EntityHandle? Token)> Of(byte[] body)
    {
        for (var at = 0; at < body.Length;)
        {
            int value = body[at++];
            if (value == 0xFE)
            {
                value = 0xFE00 | body[at++];
            }

            var operation = ByValue[value];
            EntityHandle? token = null;
            switch (operation.OperandType)
            {
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    at += 1;
                    break;
                case OperandType.InlineVar:
                    at += 2;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    at += 8;
                    break;
                case OperandType.InlineSwitch:
                    at += 4 + (4 * BitConverter.ToInt32(body, at));
                    break;
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    token = MetadataTokens.EntityHandle(BitConverter.ToInt32(body, at));
                    at += 4;
                    break;
                default:
                    at += 4;
                    break;
            }

            yield return (operation, token);
        }
    }
}
